// Sends photos a few at a time and keeps account of what became of each. The server is the one judge of a photo.
const FILES_PER_REQUEST = 4;
const REQUESTS_AT_ONCE = 2;

export class RefusedError extends Error {}

export class Sender {
  waiting = []; // chosen, not yet on their way
  failed = []; // { file, words }: no answer came for these
  rejections = []; // the server's words
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
    this.waiting.push(...files);
    if (this.isSending) this.total += files.length;
    this.#sendMore();
    this.onChange();
  }

  start() {
    if (this.isSending || !this.waiting.length) return;
    this.counts = { taken: 0, duplicate: 0, rejected: 0 };
    this.rejections = [];
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
      this.#take(await this.post(files));
    } catch (error) {
      this.#fail(files, error);
    }
    this.#openRequests -= 1;
    this.#openFiles -= files.length;
    this.#sendMore();
    this.onChange();
  }

  #take({ batch, receipts }) {
    this.batch = batch;
    for (const { outcome, words } of receipts) {
      this.counts[outcome] += 1;
      if (outcome === "rejected") this.rejections.push(words);
    }
  }

  #fail(files, error) {
    if (error instanceof RefusedError) {
      // Every further request would be refused as well: stop, and let the form be mended.
      this.refusal = error.message;
      files = [...files, ...this.waiting.splice(0)];
    }
    this.failed.push(...files.map((file) => ({ file, words: error.message })));
  }
}
