// One button, two habits: a short press starts listening and the next one ends it; a press that
// is kept for a while ends it on release. Pointer, space bar and assistive technology alike.

const HOLD_MS = 500;

/** `begin()` starts listening, `end()` ends it; `isListening()` says whether it runs. */
export function attachPressToTalk(button, { begin, end, isListening }) {
  let pressed_ms = null; // when the press that began listening went down
  let isClickHandled = false;

  function press() {
    pressed_ms = isListening() ? null : performance.now();
    if (pressed_ms === null) end();
    else begin();
  }

  function release() {
    const isHeld = pressed_ms !== null && performance.now() - pressed_ms >= HOLD_MS;
    // Let go while the browser still asks for permission: listening goes on until the next press.
    if (isHeld && isListening()) end();
    pressed_ms = null;
  }

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    isClickHandled = true;
    button.setPointerCapture(event.pointerId);
    press();
  });
  button.addEventListener("pointerup", release);
  button.addEventListener("pointercancel", () => {
    isClickHandled = false;
    release();
  });
  button.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    if (!event.repeat) press();
  });
  button.addEventListener("keyup", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    release();
  });
  // The Enter key and screen readers send a click without a pointer.
  button.addEventListener("click", () => {
    if (!isClickHandled) {
      press();
      pressed_ms = null;
    }
    isClickHandled = false;
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault()); // long touch
}
