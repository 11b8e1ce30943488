/* After a read: what the models answered, and what the reader makes of it. The server says who may see
 * this and when; until this dialog asks, the page knows no answer of a model. */

import { heatFigure } from "./heat.js";
import { newId, Refused } from "./server.js";

export class Comparison {
  #dialog;
  #cases;
  #lease = "";

  constructor(dialog, cases) {
    this.#dialog = dialog;
    this.#cases = cases;
    dialog.addEventListener("click", ({ target }) => {
      const said = target.closest("button")?.dataset ?? {};
      if (said.opinion) this.#try(() => this.#opine(said.opinion, said.read));
      if ("heat" in said) this.#try(() => this.#heat());
    });
  }

  /** Show the answers on a committed read, which `words` say; gives true once they were seen. */
  async open({ lease, draft }, words) {
    this.#lease = lease;
    this.#find(".own").textContent = words;
    this.#find(".answered").hidden = true;
    this.#find(".maps").hidden = true;
    this.#dialog.showModal();
    await this.#try(async () => {
      const { models, opinion } = await this.#cases.answers(lease);
      this.#find("tbody").replaceChildren(...models.map((model) => this.#row(model)));
      for (const button of this.#all("[data-read]")) {
        button.hidden = button.dataset.read === draft.read;
      }
      this.#mark(opinion);
      this.#find(".answered").hidden = false;
    });
    return !this.#find(".answered").hidden;
  }

  async #opine(opinion, read) {
    const commit_id = newId();
    await this.#cases.opinion(this.#lease, { commit_id, opinion, read });
    this.#mark(opinion, read);
    return "Recorded, beside your read.";
  }

  async #heat() {
    const maps = await this.#cases.heat(this.#lease);
    const film = await this.#cases.film(this.#lease);
    if (!film) return "The film is not kept any more.";
    this.#find(".maps div").replaceChildren(...maps.map((one) => heatFigure(film, one)));
    this.#find(".maps").hidden = false;
  }

  /** Do it, and say what came of it. */
  async #try(act) {
    const tell = (words) => (this.#find("[role=status]").textContent = words);
    tell("One moment.");
    try {
      tell((await act()) ?? "");
    } catch (error) {
      tell(error instanceof Refused ? error.sentence : "The server does not answer.");
    }
  }

  #row({ model, version, role, score, threshold, label, served }) {
    const cells = {
      model: `${model.split(".").at(-1)} ${version}`,
      role: role ?? "",
      answer: { 0: "No pneumonia", 1: "Pneumonia" }[label] ?? "No answer",
      score: score?.toFixed(3) ?? "",
      threshold: threshold.toFixed(3),
      served: served ? "yes" : "no",
    };
    const row = this.#find("template").content.firstElementChild.cloneNode(true);
    for (const cell of row.querySelectorAll("[data-field]")) {
      cell.textContent = cells[cell.dataset.field];
    }
    return row;
  }

  #mark(opinion, read) {
    for (const button of this.#all("[data-opinion]")) {
      const { opinion: its, read: other } = button.dataset;
      button.setAttribute("aria-pressed", String(its === opinion && other === read));
    }
  }

  #find(selector) {
    return this.#dialog.querySelector(selector);
  }

  #all(selector) {
    return this.#dialog.querySelectorAll(selector);
  }
}
