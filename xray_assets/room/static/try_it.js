/* Sends a film that was chosen or dropped, and shows the answer. The last film wins: answers to an
 * earlier one are not shown.
 */
"use strict";

const form = document.getElementById("try");
const chosen = document.getElementById("film");
const preview = document.getElementById("preview");
const said = document.getElementById("said");
const answer = document.getElementById("answer");
const csrf = document.querySelector('meta[name="csrf"]').content;
let turn = 0;

function say(sentence, wrong) {
  said.textContent = sentence;
  said.classList.toggle("wrong", Boolean(wrong));
  said.hidden = !sentence;
}

function show(name, text) {
  document.getElementById(name).textContent = text;
}

function showFilm(film) {
  if (preview.src) URL.revokeObjectURL(preview.src);
  preview.hidden = !/^image[/](jpeg|png)$/.test(film.type);
  if (preview.hidden) {
    preview.removeAttribute("src");
  } else {
    preview.src = URL.createObjectURL(film);
    preview.alt = "The film that was sent";
  }
}

async function send(film) {
  const mine = ++turn;
  answer.hidden = true;
  showFilm(film);
  if (film.size > Number(form.dataset.limit)) {
    say("This film is too large: nothing was sent.", true);
    return;
  }
  say("Asking the endpoint …");
  try {
    const response = await fetch("/try", {
      method: "POST",
      body: film,
      headers: { "x-csrf-token": csrf, "content-type": "application/octet-stream", accept: "application/json" },
    });
    const told = await response.json();
    if (mine !== turn) return;
    if (!response.ok) {
      say(told.message, true);
      return;
    }
    say("");
    show("label", told.label ?? "not known: the model has left the endpoint since");
    show("probability", told.probability.toFixed(4));
    show("threshold", told.threshold === null ? "not known" : told.threshold.toFixed(4));
    show("served", told.role ? `${told.served_model_name} (${told.role}, config ${told.config_version})` : told.served_model_name);
    show("request", told.request_id);
    answer.hidden = false;
  } catch {
    if (mine === turn) say("The room does not answer: look at the connection, then choose the film again.", true);
  }
}

chosen.addEventListener("change", () => chosen.files.length && send(chosen.files[0]));
form.addEventListener("submit", (event) => event.preventDefault());
for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) {
  form.addEventListener(kind, (event) => {
    event.preventDefault();
    form.classList.toggle("over", kind === "dragenter" || kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) send(event.dataTransfer.files[0]);
  });
}
