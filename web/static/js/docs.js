// The page of /docs: Swagger UI over this server's own description.

const root = document.documentElement;
const { theme } = root.dataset;
const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
root.classList.toggle("dark-mode", isDark);

globalThis.SwaggerUIBundle({
  url: document.querySelector("#docs").dataset.description,
  dom_id: "#docs",
  deepLinking: true,
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
  // It would show the badge of a validator on another host.
  validatorUrl: null,
});
