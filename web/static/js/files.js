// Sound files: chosen by a button, or dropped anywhere on the page.

const chooser = document.getElementById("file");
const dropTarget = document.getElementById("drop-target");

/** `onFile(file)` runs for each. */
export function attachFiles(onFile) {
  document.getElementById("choose-file").addEventListener("click", () => chooser.click());
  chooser.addEventListener("change", () => {
    if (chooser.files.length) onFile(chooser.files[0]);
    chooser.value = "";
  });

  document.addEventListener("dragenter", ({ dataTransfer }) => {
    if (dataTransfer.types.includes("Files")) dropTarget.hidden = false;
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("dragleave", ({ relatedTarget }) => {
    if (relatedTarget === null) dropTarget.hidden = true;
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    dropTarget.hidden = true;
    if (event.dataTransfer.files.length) onFile(event.dataTransfer.files[0]);
  });
}
