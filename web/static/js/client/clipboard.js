// What is copied.

/** Also on an insecure page, where browsers have no clipboard but still copy what is selected. */
export async function copy(words) {
  try {
    return await navigator.clipboard.writeText(words);
  } catch {
    return copySelected(words);
  }
}

function copySelected(words) {
  const field = document.createElement("textarea");
  field.value = words;
  const place = document.activeElement;
  place.after(field); // Beside the focus: a window over the page lets nothing else have it.
  field.select();
  document.execCommand("copy");
  field.remove();
  place.focus({ preventScroll: true });
}
