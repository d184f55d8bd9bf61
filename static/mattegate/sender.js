import { slotOf } from "./names.js";

// Sends photos a few at a time and keeps account of what became of each. The server is the one judge of a photo.
const FILES_PER_REQUEST = 4;
const REQUESTS_AT_ONCE = 2;

// Between one try and the next, in milliseconds: a connection that broke off is often back soon.
const PAUSES = [1000, 4000, 15_000];

const ALIKE = " is the name of more than one file; rename what is another photo, and leave out what isn’t meant";

/** To try again would be in vain. */
export class LastingError extends Error {}
/** The form must be mended before anything can be sent. */
export class RefusedError extends LastingError {}
/** Nothing can be sent until one has signed in again. */
export class SignedOutError extends LastingError {}

/** Its sender stopped it. */
class StoppedError extends LastingError {}

const pause = (milliseconds, signal) =>
  new Promise((done) => {
    setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });

const sameFile = (a, b) => a.name === b.name && a.size === b.size && a.lastModified === b.lastModified;

/** An entry is { file, name, meant, about }: what is sent, under which name, and what was answered of which frames. */
export class Sender {
  chosen = []; // not yet to be sent
  waiting = []; // to be sent, not yet on their way
  failed = []; // { entry, words }: no answer came for these
  held = []; // { entry, words, choices, otherwise, about }: the server asks
  rejected = []; // { entry, words, isMisnamed }: their names are to be mended, or they can't be taken at all
  duplicates = []; // { name, words }
  again = []; // { name, words }: taken, though another batch has them
  taken = 0;
  batch = null;
  refusal = "";
  total = 0; // to be sent, or sent, since the last start
  moving = []; // entries on their way
  pausing = 0; // requests that broke off, and are tried again
  hasBegun = false;
  isStopped = false; // what is chosen was on its way already
  #openRequests = 0;
  #stopping = new AbortController();

  /** `post(entries, signal)` answers { batch, receipts } or throws; `onChange()` is called after every change; of a
   good name `whatIsWrong(name)` is ""; what `isLarge(entry)` goes alone. */
  constructor(post, onChange, whatIsWrong, isLarge) {
    this.post = post;
    this.whatIsWrong = whatIsWrong;
    this.goesAlone = (entry) => entry.meant.length > 0 || isLarge(entry);
    this.onChange = onChange;
    this.isSending = false;
  }

  get answered() {
    return this.total - this.waiting.length - this.moving.length;
  }

  get isStopping() {
    return this.isSending && this.#stopping.signal.aborted;
  }

  get misnamed() {
    return this.rejected.filter(({ isMisnamed }) => isMisnamed);
  }

  add(files) {
    const known = [...this.chosen, ...this.waiting];
    const fresh = files.filter((file) => !known.some((other) => sameFile(file, other.file)));
    this.chosen.push(...fresh.map((file) => ({ file, name: file.name, meant: [], about: [] })));
    if (this.isSending && !this.isStopping) this.#sendAlso(this.chosen.splice(0));
    this.onChange();
  }

  start() {
    if (this.isSending || !this.chosen.length) return;
    if (!this.isStopped) this.#forgetWhatIsDone();
    this.isStopped = false;
    this.#sendAlso(this.chosen.splice(0));
  }

  /** Nothing further is sent: small photos that are on their way arrive, the others are chosen again. */
  stop() {
    this.isStopped = true;
    this.#stopping.abort(new StoppedError());
    this.total -= this.waiting.length;
    this.chosen.push(...this.waiting.splice(0));
    this.onChange();
  }

  /** Nothing is chosen any more. */
  clear() {
    this.chosen = [];
    this.isStopped = false;
    this.onChange();
  }

  retry() {
    this.#sendAlso(this.failed.splice(0).map(({ entry }) => entry));
  }

  /** Once more, under another name, or with an answer to what was asked. */
  resend(entry, changes) {
    this.leaveOut(entry);
    this.#sendAlso([{ ...entry, ...changes }]);
  }

  leaveOut(entry) {
    this.held = this.held.filter((told) => told.entry !== entry);
    this.rejected = this.rejected.filter((told) => told.entry !== entry);
    this.onChange();
  }

  // What waits for a name, an answer or another try is nowhere but here.
  #forgetWhatIsDone() {
    Object.assign(this, { taken: 0, rejected: this.misnamed, duplicates: [], again: [] });
  }

  #sendAlso(entries) {
    if (this.#stopping.signal.aborted) this.#stopping = new AbortController();
    this.hasBegun = true;
    if (!this.isSending) this.total = 0;
    const good = this.#unlike(entries.filter((entry) => !this.#isMisnamed(entry)));
    this.total += good.length;
    this.waiting.push(...good);
    this.isSending = true;
    this.refusal = "";
    this.#sendMore();
    this.onChange();
  }

  // Told before a byte of it is sent.
  #isMisnamed(entry) {
    const words = this.whatIsWrong(entry.name);
    if (words) this.rejected.push({ entry, words, isMisnamed: true });
    return words !== "";
  }

  // Of several files with one product code and view none is sent: only who sends them knows which is meant.
  #unlike(entries) {
    const files = new Map();
    for (const { name } of [...this.waiting, ...entries]) files.set(slotOf(name), (files.get(slotOf(name)) ?? 0) + 1);
    const alike = entries.filter(({ name }) => files.get(slotOf(name)) > 1);
    this.rejected.push(...alike.map((entry) => ({ entry, words: `${slotOf(entry.name)}${ALIKE}`, isMisnamed: true })));
    return entries.filter((entry) => !alike.includes(entry));
  }

  #sendMore() {
    while (this.isSending && this.waiting.length && this.#openRequests < REQUESTS_AT_ONCE) this.#send(this.#next());
    if (!this.#openRequests) this.isSending = false;
  }

  // An answer holds for all of a request, so what has one goes alone; so does what is sent in parts.
  #next() {
    const alone = this.waiting.findIndex(this.goesAlone);
    const most = alone < 0 ? FILES_PER_REQUEST : Math.min(alone, FILES_PER_REQUEST);
    return this.waiting.splice(0, most || 1);
  }

  async #send(entries) {
    this.#openRequests += 1;
    this.moving.push(...entries);
    try {
      this.#take(entries, await this.#patiently(entries, this.#stopping.signal));
    } catch (error) {
      this.#fail(entries, error);
    }
    this.#openRequests -= 1;
    this.moving = this.moving.filter((entry) => !entries.includes(entry));
    this.isStopped &&= this.chosen.length > 0;
    this.#sendMore();
    this.onChange();
  }

  // What the server took before the connection broke is told as a duplicate then: nothing is there twice. As long as
  // parts of a large photo arrive in between, it goes on.
  async #patiently(entries, signal) {
    for (let tries = 0; ; tries += 1) {
      const before = entries[0].sent ?? 0;
      try {
        return await this.post(entries, signal);
      } catch (error) {
        if (entries[0].sent > before) tries = 0;
        if (error instanceof LastingError || tries === PAUSES.length) throw error;
        signal.throwIfAborted();
        await this.#pause(PAUSES[tries], signal);
        signal.throwIfAborted();
      }
    }
  }

  async #pause(milliseconds, signal) {
    this.pausing += 1;
    this.onChange();
    await pause(milliseconds, signal);
    this.pausing -= 1;
    this.onChange();
  }

  #take(entries, { batch, receipts }) {
    this.batch = batch ?? this.batch;
    for (const [index, receipt] of receipts.entries()) {
      const told = { ...receipt, entry: entries[index] };
      if (receipt.outcome === "taken") {
        this.taken += 1;
        if (receipt.words) this.again.push(told);
      } else if (receipt.outcome === "duplicate") this.duplicates.push(told);
      else this[receipt.outcome].push(told);
    }
  }

  #fail(entries, error) {
    if (error instanceof RefusedError) {
      this.refusal = error.message;
      this.chosen.push(...entries, ...this.waiting.splice(0));
      this.isSending = false;
      return;
    }
    if (error instanceof StoppedError) {
      this.total -= entries.length;
      this.chosen.push(...entries);
      return;
    }
    const lost = error instanceof SignedOutError ? [...entries, ...this.waiting.splice(0)] : entries;
    this.failed.push(...lost.map((entry) => ({ entry, words: error.message })));
  }
}
