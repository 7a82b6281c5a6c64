// A button that opens a menu, as WAI-ARIA's authoring practices have it: arrow keys, Home, End, first
// letters, Escape; the focus returns to the button. The menu lies in the browser's top layer, so no
// scrolling box cuts it off.

import { nextTick, ref, useId } from "../../../vendor/vue.runtime.esm-browser.prod.js";
import { html } from "../../html.js";
import { Icon } from "../icon.js";

const GAP_PX = 4;
const EDGE_PX = 8; // between the menu and the window's edge

/**
 * `label`: the button's name. `icon`: what it shows. `items`: {key, icon, label, href, filename, isDangerous, action};
 * one with `href` is a link that downloads `filename`.
 */
export const MenuButton = {
  props: ["label", "icon", "items"],
  setup(props) {
    const id = useId();
    const button = ref(null);
    const menu = ref(null);
    const isOpen = ref(false);
    const entries = () => [...menu.value.querySelectorAll("[role=menuitem]")];

    async function open(place) {
      isOpen.value = true;
      await nextTick();
      menu.value.showPopover();
      setPosition(menu.value, button.value.getBoundingClientRect());
      entries().at(place).focus({ preventScroll: true });
      addEventListener("scroll", hide, { capture: true, once: true });
    }

    // The focus first: a menu that hides with the focus in it would drop it.
    function close() {
      button.value.focus({ preventScroll: true });
      hide();
    }

    function hide() {
      menu.value?.hidePopover();
    }

    /** Also where the user pressed beside the menu. */
    function onToggle({ newState }) {
      if (newState !== "closed") return;
      isOpen.value = false;
      removeEventListener("scroll", hide, { capture: true });
    }

    // The browser's own opening (by `popovertarget`, which keeps it from closing the menu when the
    // button is pressed again) would show the menu for a moment where it does not belong.
    function onButtonClick(event) {
      event.preventDefault();
      if (isOpen.value) close();
      else open(0);
    }

    function onButtonKey(event) {
      const place = { ArrowDown: 0, Enter: 0, " ": 0, ArrowUp: -1 }[event.key];
      if (place === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      open(place);
    }

    function onMenuKey(event) {
      const all = entries();
      const at = all.indexOf(document.activeElement);
      const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 };
      if (event.key in moves) all.at(moves[event.key] % all.length).focus();
      else if (event.key === " ") document.activeElement.click();
      else if (event.key === "Escape") close();
      else if (event.key === "Tab") return close();
      else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) startingWith(event.key, all, at)?.focus();
      else return undefined;
      event.preventDefault();
      event.stopPropagation();
      return undefined;
    }

    function choose(item) {
      close();
      item.action?.();
    }

    return () => html`
      <button ref=${button} type="button" class="quiet" id=${`${id}-button`} aria-haspopup="menu" aria-expanded=${isOpen.value}
        aria-controls=${`${id}-menu`} aria-label=${props.label} title=${props.label} popovertarget=${`${id}-menu`}
        onClick=${onButtonClick} onKeydown=${onButtonKey}>
        <${Icon} name=${props.icon} />
      </button>
      <div ref=${menu} popover="auto" role="menu" class="menu" id=${`${id}-menu`} aria-labelledby=${`${id}-button`}
        onKeydown=${onMenuKey} onToggle=${onToggle}>
        ${isOpen.value && props.items.map((item) => renderItem(item, () => choose(item)))}
      </div>`;
  },
};

function renderItem({ key, icon, label, href, filename, isDangerous }, onClick) {
  const inside = [html`<${Icon} name=${icon} />`, html`<span>${label}</span>`];
  const shared = { key, role: "menuitem", tabindex: -1, class: { "menu-item": true, dangerous: isDangerous }, onClick };
  return href
    ? html`<a ...${shared} href=${href} download=${filename}>${inside}</a>`
    : html`<button type="button" ...${shared}>${inside}</button>`;
}

function startingWith(letter, all, at) {
  const wanted = letter.toLocaleLowerCase();
  return [...all.slice(at + 1), ...all.slice(0, at + 1)].find((entry) => entry.textContent.trim().toLocaleLowerCase().startsWith(wanted));
}

/** Below the button, its right edge under the button's; above where there is no room. */
function setPosition(menu, { top, bottom, right }) {
  const { offsetWidth, offsetHeight } = menu;
  const below = bottom + GAP_PX;
  const isRoom = below + offsetHeight + EDGE_PX <= innerHeight;
  const left = Math.max(EDGE_PX, Math.min(right - offsetWidth, innerWidth - offsetWidth - EDGE_PX));
  menu.style.left = `${left}px`;
  menu.style.top = `${isRoom ? below : Math.max(EDGE_PX, top - GAP_PX - offsetHeight)}px`;
}
