/* A read on its way: sent under one id until the server has it, however often that takes. */

import { Unreachable } from "./server.js";

const LONGEST_WAIT_S = 15;

/** What `send` gives at last. While the server does not answer, `banner` is shown; its button, and a
 * network that is back, try at once. Throws what `send` does. */
export async function untilTaken(send, banner) {
  try {
    for (let seconds = 1; ; seconds = Math.min(2 * seconds, LONGEST_WAIT_S)) {
      try {
        return await send();
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
      }
      banner.hidden = false;
      await worthATry(seconds, banner.querySelector("button"));
    }
  } finally {
    banner.hidden = true;
  }
}

function worthATry(seconds, button) {
  return new Promise((resolve) => {
    const heard = new AbortController();
    const stop = () => {
      heard.abort();
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(stop, seconds * 1000);
    addEventListener("online", stop, { signal: heard.signal });
    button.addEventListener("click", stop, { signal: heard.signal });
  });
}
