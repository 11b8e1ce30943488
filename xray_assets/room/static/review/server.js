/* The page's requests to its own server, and what can become of one. */

/** No answer, or 5xx, or 429: the same may be sent again. */
export class Unreachable extends Error {}
/** The session has ended. */
export class SignedOut extends Error {}
/** Somebody has signed in since this page was loaded, or may no longer do this. */
export class Stale extends Error {}
/** The server said no. `code` says why, for programs; `isMended`: not to this, but to another answer. */
export class Refused extends Error {
  constructor(status, { error_code: code, message }) {
    super(message ?? "the server refused");
    Object.assign(this, { code, isMended: status === 400 });
  }

  get sentence() {
    return `${this.message[0].toUpperCase()}${this.message.slice(1)}.`;
  }
}

const csrf = document.querySelector('meta[name="csrf"]').content;

/** The answer as fetch gives it. Throws one of the above. */
export async function request(method, path, body) {
  const headers = { accept: "application/json", "x-csrf-token": csrf };
  if (body) headers["content-type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Unreachable("the server does not answer");
  }
  if (answer.ok) return answer;
  if (answer.status >= 500 || answer.status === 429) throw new Unreachable("the server is in trouble");
  if (answer.status === 401) throw new SignedOut();
  if (answer.status === 403) throw new Stale();
  throw new Refused(answer.status, await answer.json().catch(() => ({})));
}

/** A UUID, also where the page came over plain http (crypto.randomUUID asks for https). */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** What the answer holds; null where it holds nothing. */
export async function ask(method, path, body) {
  const answer = await request(method, path, body);
  return answer.status === 204 ? null : answer.json();
}
