/* What the page shows but for the film: one of its screens, the present answer, the last read. */

const one = (selector) => document.querySelector(selector);
const all = (selector) => document.querySelectorAll(selector);
const room = one("#review");

/** Show a screen; what comes instead of a film is read out first. */
export function screen(name) {
  if (room.dataset.screen === name) return;
  room.dataset.screen = name;
  for (const part of all("[data-of-screen]")) {
    part.hidden = !part.dataset.ofScreen.split(" ").includes(name);
  }
  if (name !== "reading") one(`#${name}-title`).focus();
}

export function say(words) {
  one("#status").textContent = words;
}

/** Buttons and words as `current` and `done` of `keeping.js` have them; `busy` locks the answer. */
export function draw({ current, done }, busy) {
  const draft = current?.draft ?? {};
  for (const button of all("[data-answer]")) {
    const [field, value] = button.dataset.answer.split("=");
    button.setAttribute("aria-pressed", String(String(draft[field]) === value));
  }
  const notes = draft.notes ?? "";
  if (one("#note").value !== notes) one("#note").value = notes;
  one("#remarks").textContent = [draft.quality, notes && "note"].filter(Boolean).join(", ");
  one("#case").textContent = current?.case ?? "";
  one("#answer").inert = one("#commit").disabled = busy;
  one("#count").textContent = done.length;
  const last = done.at(-1);
  one("#last").hidden = !last;
  one('[data-act="undo"]').disabled = busy || last?.stands;
  if (last) one("#last-words").textContent = wordsOf(last.draft);
}

/** A read as the buttons call it. */
export function wordsOf({ read, certainty }) {
  const words = (name) => one(`[data-answer="${name}"] span`).textContent;
  return `${words(`read=${read}`)}, confidence ${certainty} (${words(`certainty=${certainty}`)})`;
}

/** Zoom, window and inverting of a viewer. */
export function drawViewer({ scale, window, inverted }) {
  one("#zoom").textContent = `${Math.round(scale * 100)} %`;
  one("#window").textContent = window
    ? `L ${Math.round(window.center)} W ${Math.round(window.width)}`
    : "";
  one('[data-act="invert"]').setAttribute("aria-pressed", String(inverted));
}
