/* Cases as the server hands them out: a lease, its film, and the next one taken ahead, so that nobody
 * waits. A lease that was taken ahead stays its reader's: after a reload it comes first. */

import { decodeFilm } from "./film.js";
import { ask, request } from "./server.js";

const LEASES = "/review/leases";

export class Cases {
  #ahead = null;

  /** The next case that is not the lease `beside`, or null where none waits. */
  async next() {
    const ahead = await this.#ahead;
    this.#ahead = null;
    return ahead ?? this.#take(null);
  }

  /** Take the one after `lease` while that is read. What goes wrong now is asked for again later. */
  prefetch(lease) {
    this.#ahead ??= this.#take(lease).catch(() => null);
  }

  /** Show this one before the one that was taken ahead: that stays leased, and comes after it. */
  putBack(one) {
    this.#ahead = Promise.resolve(one);
  }

  /** The lease with its film, which is null where the server has none that can be shown. */
  async open(lease) {
    return { ...lease, film: await this.film(lease.lease) };
  }

  commit(lease, read) {
    return ask("POST", `${LEASES}/${lease}/read`, read);
  }

  undo(lease) {
    return ask("POST", `${LEASES}/${lease}/undo`, {});
  }

  release(lease) {
    return ask("POST", `${LEASES}/${lease}/release`, {});
  }

  answers(lease) {
    return ask("GET", `${LEASES}/${lease}/answers`);
  }

  heat(lease) {
    return ask("GET", `${LEASES}/${lease}/heat`);
  }

  opinion(lease, opinion) {
    return ask("POST", `${LEASES}/${lease}/opinion`, opinion);
  }

  /** null where the server has none, or none that can be shown. */
  async film(lease) {
    let answer;
    try {
      answer = await request("GET", `${LEASES}/${lease}/film`);
    } catch (error) {
      if (error.code === "FILM_MISSING") return null;
      throw error;
    }
    return decodeFilm(await answer.arrayBuffer(), displayOf(answer.headers)).catch(() => null);
  }

  async #take(beside) {
    const lease = await ask("POST", LEASES, { beside });
    return lease && this.open(lease);
  }
}

/** How a film is shown at first, as the server says it. */
function displayOf(headers) {
  const said = (name) => headers.get(`x-film-${name}`);
  return {
    type: headers.get("content-type"),
    bits: Number(said("bits")),
    low: Number(said("low")),
    high: Number(said("high")),
    curve: said("curve"),
    inverted: said("inverted") === "true",
  };
}
