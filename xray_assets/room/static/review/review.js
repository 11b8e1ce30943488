/* The review page, put together: what each button does. */

import { Cases } from "./cases.js";
import { Comparison } from "./comparison.js";
import { Keeping } from "./keeping.js";
import { followKeys } from "./keys.js";
import { followPointers } from "./pointing.js";
import { Reading } from "./reading.js";
import { drawViewer, wordsOf } from "./view.js";
import { Viewer } from "./viewer.js";

const PAN = 80;
const LEVEL = 0.05;

const one = (selector) => document.querySelector(selector);
const room = one("#review");
const viewer = new Viewer(one("#film"));
const cases = new Cases();
const kept = new Keeping(room.dataset.reader);
const reading = new Reading(cases, kept, viewer, one("#lost"));
const comparison = new Comparison(one("#comparison"), cases);

const dragMoves = () => one('[data-act="drag"]').getAttribute("aria-pressed") === "true";

async function compare() {
  const last = kept.done.at(-1);
  if (last && (await comparison.open(last, wordsOf(last.draft)))) reading.unblinded(last);
}

const acts = {
  commit: () => reading.commit(),
  undo: () => reading.undo(),
  skip: () => reading.skip(),
  next: () => reading.next(),
  resume: () => reading.resume(),
  compare,
  help: () => one("#help").showModal(),
  invert: () => viewer.invert(),
  "zoom-in": () => viewer.zoom(1),
  "zoom-out": () => viewer.zoom(-1),
  fit: () => viewer.fit(),
  actual: () => viewer.actual(),
  reset: () => viewer.reset(),
  "pan-left": () => viewer.pan(PAN, 0),
  "pan-right": () => viewer.pan(-PAN, 0),
  "pan-up": () => viewer.pan(0, PAN),
  "pan-down": () => viewer.pan(0, -PAN),
  brighter: () => viewer.level({ brighter: LEVEL }),
  darker: () => viewer.level({ brighter: -LEVEL }),
  harder: () => viewer.level({ harder: LEVEL }),
  softer: () => viewer.level({ harder: -LEVEL }),
  drag: (button) => button.setAttribute("aria-pressed", String(!dragMoves())),
};

room.addEventListener("click", ({ target }) => {
  const { act, answer } = target.closest("button")?.dataset ?? {};
  if (act) acts[act](target.closest("button"));
  if (!answer) return;
  const [field, value] = answer.split("=");
  reading.answer(field, field === "certainty" ? Number(value) : value);
});
one("#note").addEventListener("input", ({ target }) => reading.answer("notes", target.value || undefined));
viewer.addEventListener("change", () => drawViewer(viewer.state));
addEventListener("pageshow", (event) => event.persisted && location.reload());

followKeys();
followPointers(one("#film"), viewer, dragMoves);
reading.resume();
