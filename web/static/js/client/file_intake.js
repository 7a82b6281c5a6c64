// Files of the user: dropped anywhere on the page, pasted, or chosen.

import { shallowReactive } from "../../vendor/vue.runtime.esm-browser.prod.js";

const ACCEPTED = "audio/*,video/*";

/** `isOver`: files are being dragged over the page. */
export const dragging = shallowReactive({ isOver: false });

/** Calls `onFiles(files)` for all that is dropped or pasted. Returns the function that ends it. */
export function takeFiles(onFiles) {
  const stopping = new AbortController();
  const listen = (type, listener) => document.addEventListener(type, listener, { signal: stopping.signal });
  let depth = 0; // of the elements entered and not left
  const end = () => {
    depth = 0;
    dragging.isOver = false;
  };
  listen("dragenter", (event) => {
    if (!hasFiles(event)) return;
    depth += 1;
    dragging.isOver = !isCovered();
  });
  listen("dragleave", (event) => {
    if (!hasFiles(event)) return;
    depth -= 1;
    if (depth <= 0) end();
  });
  listen("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = isCovered() ? "none" : "copy";
  });
  listen("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // the browser would leave the page for the file
    end();
    give(filesOf(event.dataTransfer));
  });
  listen("paste", (event) => {
    // What is copied from a document comes as text and as a picture of it: the text is meant.
    if (event.clipboardData.types.includes("text/plain")) return;
    const files = filesOf(event.clipboardData);
    if (files.length > 0) event.preventDefault();
    give(files);
  });
  listen("keydown", ({ key }) => key === "Escape" && end());
  const give = (files) => files.length > 0 && !isCovered() && onFiles(files);
  return () => stopping.abort();
}

/** Opens the browser's choice of files. Resolves to them; to none where the user thinks better of it. */
export function chooseFiles() {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", accept: ACCEPTED, multiple: true });
  return new Promise((resolve) => {
    input.addEventListener("change", () => resolve([...input.files]));
    input.addEventListener("cancel", () => resolve([]));
    input.click();
  });
}

function hasFiles({ dataTransfer }) {
  return dataTransfer?.types.includes("Files") ?? false;
}

function filesOf(transfer) {
  const isFolder = (item) => item.webkitGetAsEntry?.()?.isDirectory;
  return [...transfer.items]
    .filter((item) => item.kind === "file" && !isFolder(item))
    .map((item) => item.getAsFile())
    .filter(Boolean);
}

/** A window is open over the page. */
function isCovered() {
  return document.querySelector("dialog[open]") !== null;
}
