// What this browser keeps; where storage is forbidden, it lasts as long as the page.

const unkept = new Map();

/** Returns the value, or null. `store`: localStorage, or sessionStorage for this tab alone. */
export function read(name, store = "localStorage") {
  try {
    return JSON.parse(window[store].getItem(name));
  } catch {
    return unkept.get(name) ?? null;
  }
}

export function write(name, value, store = "localStorage") {
  unkept.set(name, value);
  try {
    if (value === null) window[store].removeItem(name);
    else window[store].setItem(name, JSON.stringify(value));
  } catch {
    // As above.
  }
}
