/* One film after another: leased, shown, answered, committed.
 *
 * A read is sent under an id that is made when it is committed and kept beside it: a double click, a
 * reload or a lost answer sends the same read again, and the server keeps one. */

import { untilTaken } from "./sending.js";
import { newId, Refused, SignedOut, Stale, Unreachable } from "./server.js";
import { draw, say, screen } from "./view.js";

const LOOK_AGAIN_MS = 30_000;

export class Reading {
  #cases;
  #kept;
  #viewer;
  #banner;
  #busy = false;
  #lookAgain = 0;

  constructor(cases, kept, viewer, banner) {
    this.#cases = cases;
    this.#kept = kept;
    this.#viewer = viewer;
    this.#banner = banner;
  }

  /** Go on where this window was, or with the next film. */
  resume() {
    return this.#alone(async () => {
      const { current } = this.#kept;
      if (!current) return this.#next();
      await this.#show({ ...(await this.#cases.open(current)), ...current });
      if (current.sent) await this.#send(performance.now());
    });
  }

  next() {
    return this.#alone(() => this.#next());
  }

  /** Take `value` for a field of the answer; the same quality again takes it back. */
  answer(field, value) {
    const { current } = this.#kept;
    if (!current || this.#busy) return;
    const takesBack = field === "quality" && current.draft.quality === value;
    current.draft[field] = takesBack ? undefined : value;
    current.acted_ms ??= Date.now();
    this.#kept.save();
    say("");
    this.#draw();
  }

  commit() {
    const pressed = performance.now();
    return this.#alone(async () => {
      const { current } = this.#kept;
      if (!current) return;
      const { draft, shown_ms, acted_ms } = current;
      if (!draft.read) return say("Choose a read first: P, N, U or X.");
      if (!draft.certainty) return say("Choose your confidence first: 1 to 5.");
      const read = {
        ...draft,
        seconds_to_action: (acted_ms - shown_ms) / 1000,
        seconds_to_commit: (Date.now() - shown_ms) / 1000,
      };
      current.sent ??= { commit_id: newId(), read };
      this.#kept.save();
      await this.#send(pressed);
    });
  }

  /** Open the last read again; the film that was shown comes after it. */
  undo() {
    return this.#alone(async () => {
      const { current, done } = this.#kept;
      const last = done.at(-1);
      if (!last) return;
      let again;
      try {
        again = await this.#cases.open(await this.#cases.undo(last.lease));
      } catch (error) {
        if (error instanceof Refused) return say(error.sentence);
        throw error;
      }
      if (current) this.#cases.putBack({ ...current, film: this.#viewer.film });
      done.pop();
      await this.#show({ ...again, draft: last.draft });
      say("Your last read is open again. What you commit now takes its place; both are kept.");
    });
  }

  /** The models' answers on this read were seen: it stands. */
  unblinded(read) {
    read.stands = true;
    this.#kept.save();
    this.#draw();
  }

  /** Give the film back, and take the next. */
  skip() {
    return this.#alone(async () => {
      await this.#cases.release(this.#kept.current.lease);
      this.#kept.forget();
      await this.#next();
    });
  }

  async #next() {
    const found = await this.#cases.next();
    if (found) return this.#show(found);
    screen("empty");
    this.#lookAgain = setTimeout(() => this.next(), LOOK_AGAIN_MS);
  }

  async #show({ film, ...lease }) {
    this.#kept.current = { draft: {}, ...lease };
    this.#kept.save();
    this.#viewer.show(film);
    if (!film) return screen("missing");
    screen("reading");
    this.#draw();
    say("");
    await painted();
    this.#kept.current.shown_ms ??= Date.now();
    this.#kept.save();
    this.#cases.prefetch(lease.lease);
  }

  async #send(pressed) {
    const { lease, draft, sent } = this.#kept.current;
    try {
      await untilTaken(() => this.#cases.commit(lease, sent), this.#banner);
    } catch (error) {
      if (!error.isMended) throw error;
      this.#kept.current.sent = undefined;
      this.#kept.save();
      return say(error.sentence);
    }
    this.#kept.done.push({ lease, draft });
    this.#kept.forget();
    await this.#next();
    performance.measure("key to next film", { start: pressed, end: performance.now() });
  }

  /** Acts that ask the server, one at a time; what goes wrong is a screen. */
  async #alone(act) {
    if (this.#busy) return;
    clearTimeout(this.#lookAgain);
    this.#busy = true;
    this.#draw();
    try {
      await act();
    } catch (error) {
      this.#explain(error);
    } finally {
      this.#busy = false;
      this.#draw();
    }
  }

  #explain(error) {
    if (error instanceof SignedOut) screen("signed-out");
    else if (error instanceof Stale) screen("stale");
    else if (error instanceof Unreachable) screen("unreachable");
    else if (error instanceof Refused) {
      this.#kept.forget();
      screen("lapsed");
    } else {
      screen("broken");
      throw error;
    }
  }

  #draw() {
    draw(this.#kept, this.#busy);
  }
}

/** The next frame is on the screen. */
function painted() {
  return new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}
