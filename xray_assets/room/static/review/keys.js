/* Keys press the page's own buttons: each key has a visible one, and no key does more than it.
 * A button says which with data-keys; ignored while typing, with Ctrl, Alt or Meta, and in a dialog. */

const TYPING = "input, textarea, select, [contenteditable]";
const REPEATS = "[data-repeats]";

export function followKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
    // Enter on a button that was reached with Tab presses that button
    if (event.key === "Enter" && event.target.closest("a, button, summary")) return;
    const button = buttonOf(event);
    if (!button) return;
    event.preventDefault();
    if (button.disabled || (event.repeat && !button.matches(REPEATS))) return;
    button.click();
  });
  // what was clicked with a pointer does not keep the next Enter for itself
  document.addEventListener("click", (event) => {
    if (event.detail > 0 && !event.target.closest("dialog")) {
      event.target.closest("button, summary")?.blur();
    }
  });
}

function buttonOf(event) {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
  const named = event.shiftKey && key.startsWith("Arrow") ? `Shift+${key}` : key;
  return [...document.querySelectorAll("button[data-keys]")].find(
    (button) => !button.closest("[hidden]") && button.dataset.keys.split(" ").includes(named),
  );
}
