// A view that is fetched when it is first wanted. Where the server was updated meanwhile its file is
// gone, and the page has to be loaded anew.

import { defineAsyncComponent, onMounted } from "../../vendor/vue.runtime.esm-browser.prod.js";
import { whyNotLoaded } from "../client/api.js";
import { showNotice } from "../state/notice.js";

/** `load` imports the module and resolves to its view. A view that cannot be had says "close" at once. */
export function lazyView(load) {
  return defineAsyncComponent({ loader: load, onError: giveUp, errorComponent: Nothing });
}

const Nothing = {
  emits: ["close"],
  setup(_, { emit }) {
    onMounted(() => emit("close"));
    return () => null;
  },
};

async function giveUp(failure, retry, fail) {
  fail();
  const error = await whyNotLoaded();
  if (error.code === "page_outdated") showNotice(error, () => location.reload(), { label: "reload" });
  else showNotice(error);
}
