// What the server says about itself: {language, texts, assets, limits, features}; web/pages.py.

export const config = JSON.parse(document.getElementById("config").textContent);
