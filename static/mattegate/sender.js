// Sends photos a few at a time and keeps account of what became of each. The server is the one judge of a photo.
const FILES_PER_REQUEST = 4;
const REQUESTS_AT_ONCE = 2;

/** The form must be mended before anything can be sent. */
export class RefusedError extends Error {}
/** Nothing can be sent until one has signed in again. */
export class SignedOutError extends Error {}

const sameFile = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;

export class Sender {
  waiting = []; // chosen, not yet on their way
  failed = []; // { file, words }: no answer came for these
  rejections = []; // the server's words
  duplicates = [];
  counts = { taken: 0, duplicate: 0, rejected: 0 };
  batch = null;
  refusal = "";
  total = 0;
  #openRequests = 0;
  #openFiles = 0;

  /** `post(files)` answers { batch, receipts } or throws; `onChange()` is called after every change. */
  constructor(post, onChange) {
    this.post = post;
    this.onChange = onChange;
    this.isSending = false;
  }

  get answered() {
    return this.total - this.waiting.length - this.#openFiles;
  }

  add(files) {
    const fresh = files.filter((file) => !this.waiting.some((other) => sameFile(file, other)));
    this.waiting.push(...fresh);
    if (this.isSending) this.total += fresh.length;
    this.#sendMore();
    this.onChange();
  }

  start() {
    if (this.isSending || !this.waiting.length) return;
    this.counts = { taken: 0, duplicate: 0, rejected: 0 };
    this.rejections = [];
    this.duplicates = [];
    this.failed = [];
    this.#begin();
  }

  retry() {
    this.waiting.push(...this.failed.map(({ file }) => file));
    this.failed = [];
    this.#begin();
  }

  #begin() {
    this.isSending = true;
    this.refusal = "";
    this.total = this.waiting.length;
    this.#sendMore();
    this.onChange();
  }

  #sendMore() {
    while (this.isSending && this.waiting.length && this.#openRequests < REQUESTS_AT_ONCE) {
      this.#send(this.waiting.splice(0, FILES_PER_REQUEST));
    }
    if (!this.#openRequests) this.isSending = false;
  }

  async #send(files) {
    this.#openRequests += 1;
    this.#openFiles += files.length;
    try {
      this.#take(files, await this.post(files));
    } catch (error) {
      this.#fail(files, error);
    }
    this.#openRequests -= 1;
    this.#openFiles -= files.length;
    this.#sendMore();
    this.onChange();
  }

  #take(files, { batch, receipts }) {
    this.batch = batch ?? this.batch;
    for (const [index, { name, outcome, words }] of receipts.entries()) {
      if (outcome === "failed") this.failed.push({ file: files[index], words });
      else this.counts[outcome] += 1;
      if (outcome === "rejected") this.rejections.push(words);
      if (outcome === "duplicate") this.duplicates.push(`${name}: ${words}`);
    }
  }

  #fail(files, error) {
    if (error instanceof RefusedError) {
      this.refusal = error.message;
      this.waiting.unshift(...files);
      this.isSending = false;
      return;
    }
    if (error instanceof SignedOutError) files = [...files, ...this.waiting.splice(0)];
    this.failed.push(...files.map((file) => ({ file, words: error.message })));
  }
}
