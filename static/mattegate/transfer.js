// Photos on their way to the server: small ones several a request, a large one in parts, of which only those are sent
// again that did not arrive.
import { csrfToken, isJson } from "./dom.js";
import { LastingError, RefusedError, SignedOutError } from "./sender.js";
import { Storage } from "./storage.js";

const SIGNED_OUT = "you are signed out; sign in again in another tab, then try again";
const IN_PARTS_FROM = 8_000_000;
// A part got lost, the upload was forgotten, or the store is away for a moment: it is tried again.
const PASSING = new Set([409, 410, 502]);
const [BEGUN, MOST_BEGUN] = ["mattegate-upload", 100];
const kept = new Storage("localStorage");

export const isLarge = ({ file }) => file.size > IN_PARTS_FROM;

/** `fields()` is what the form says of the batch, `onProgress()` is called when a part has arrived. */
export class Transfer {
  constructor(form, fields, onProgress) {
    Object.assign(this, { form, fields, onProgress });
  }

  /** Answers { batch, receipts }, or throws; when `signal` says so, before the next part of a large photo. */
  async post(entries, signal) {
    if (entries.length === 1 && isLarge(entries[0])) return this.#inParts(entries[0], signal);
    const body = this.#said(entries[0]);
    for (const { file, name } of entries) body.append("photos", file, name);
    return this.#ask(window.location.pathname, { body }, entries);
  }

  #said({ meant, about }) {
    const body = this.fields();
    for (const [field, values] of Object.entries({ meant, about })) {
      for (const value of values) body.append(field, value);
    }
    return body;
  }

  async #inParts(entry, signal) {
    const key = this.#keyOf(entry);
    const begun = (await this.#goOn(kept.get(key), entry)) ?? (await this.#begin(entry));
    if (begun.receipts) return begun;
    this.#dropOld();
    kept.set(key, begun.upload);
    await this.#sendParts(entry, begun, signal);
    const body = this.#said(entry);
    body.set("filename", entry.name);
    const answer = await this.#ask(`${this.#uploads}${begun.upload}/complete`, { body }, [entry]);
    if (!["held", "failed"].includes(answer.receipts[0].outcome)) kept.remove(key);
    return answer;
  }

  get #uploads() {
    return this.form.dataset.uploadsUrl;
  }

  #keyOf({ file }) {
    return [BEGUN, ...this.fields().values(), file.name, file.size, file.lastModified].join(" ");
  }

  // Of photos that were left out in the end.
  #dropOld() {
    const begun = kept.keys.filter((key) => key.startsWith(BEGUN));
    begun.slice(MOST_BEGUN).forEach((key) => kept.remove(key));
  }

  #begin(entry) {
    const body = this.fields();
    body.set("filename", entry.name);
    body.set("size", entry.file.size);
    return this.#ask(this.#uploads, { body }, [entry]);
  }

  // What was begun before the connection broke, or the page was left; nothing if that is gone.
  async #goOn(upload, entry) {
    if (!upload) return null;
    const asked = await this.#fetch(`${this.#uploads}${upload}`, {}, [entry]);
    return asked.status === 404 || asked.status === 410 ? null : { upload, ...(await answerOf(asked, [entry])) };
  }

  async #sendParts(entry, { upload, part_bytes: size, there = [] }, signal) {
    const parts = Array.from({ length: Math.ceil(entry.file.size / size) }, (_, index) => index);
    entry.sent = there.length * size;
    for (const index of parts.filter((number) => !there.includes(number + 1))) {
      signal.throwIfAborted();
      const body = new FormData();
      body.set("part", entry.file.slice(index * size, (index + 1) * size));
      await this.#ask(`${this.#uploads}${upload}/${index + 1}`, { body }, [entry]);
      entry.sent += size;
      this.onProgress();
    }
  }

  async #ask(address, options, entries) {
    return answerOf(await this.#fetch(address, { method: "POST", ...options }, entries), entries);
  }

  #fetch(address, options, entries) {
    const token = csrfToken() || this.form.elements.csrfmiddlewaretoken.value;
    const headers = { Accept: "application/json", "X-CSRFToken": token };
    return fetch(address, { ...options, headers }).catch(() => broken(entries));
  }
}

// The server doesn't hear out whoever isn't signed in, and a browser can't tell that from a broken connection.
async function broken(entries) {
  const { redirected } = await fetch(window.location.pathname, { method: "HEAD" }).catch(() => ({}));
  if (redirected) throw new SignedOutError(SIGNED_OUT);
  const readable = entries.map(({ file }) => file.slice(0, 1).arrayBuffer());
  await Promise.all(readable).catch(() => {
    throw new LastingError("it changed or moved on your disk; choose it anew");
  });
  throw new Error("the connection broke off");
}

async function answerOf(response, entries) {
  if (response.redirected || response.status === 403) throw new SignedOutError(SIGNED_OUT);
  if (response.status === 413) return broken(entries);
  const answer = isJson(response) && (await response.json().catch(() => null));
  if (!answer) throw new Error(`the server could not answer (status ${response.status})`);
  if (PASSING.has(response.status)) throw new Error(answer.detail);
  if (!response.ok) throw new RefusedError(answer.detail);
  return answer;
}
