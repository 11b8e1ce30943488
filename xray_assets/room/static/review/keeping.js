/* What outlives a reload: the case in hand with its answer, and the reads of this window. In
 * sessionStorage, so of one window; of one reader, so that another who signs in finds nothing. */

const NAME = "xray-review";

export class Keeping {
  #reader;

  constructor(reader) {
    this.#reader = reader;
    const kept = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
    const own = kept?.reader === reader ? kept : {};
    /** The case that is shown: its lease, `draft`, `shown_ms`, `acted_ms`, and `sent` once it is
     * committed and the server has not said yes; or null. */
    this.current = own.current ?? null;
    /** Committed here, the latest last: {lease, draft, stands}. */
    this.done = own.done ?? [];
  }

  save() {
    const { current, done } = this;
    sessionStorage.setItem(NAME, JSON.stringify({ reader: this.#reader, current, done }));
  }

  forget() {
    this.current = null;
    this.save();
  }
}
