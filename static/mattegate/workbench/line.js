// The frames in this operator's hands: the one that is looked at, the next one with its pictures, and those passed by.
import { picture } from "./server.js";

const POLL = 4000;
const BEAT = 30_000;
const PASSED = 5;
const MOST = 10;

async function withImages(alternatives) {
  const images = await Promise.all(alternatives.map((other) => picture(other.cutout)));
  return alternatives.map((other, index) => ({ ...other, image: images[index] }));
}

// A frame with everything that is needed to show it at once.
async function loaded(item) {
  const { pictures } = item;
  const alternatives = withImages(item.alternatives);
  const thumbs = item.siblings.map((sibling) => picture(sibling.thumb));
  const [photo, cutout, heat] = await Promise.all([pictures.photo, pictures.cutout, pictures.heat].map(picture));
  await Promise.all(thumbs);
  item.alternatives = await alternatives;
  const size = { width: pictures.width ?? photo?.naturalWidth, height: pictures.height ?? photo?.naturalHeight };
  const isUnseen = [[pictures.photo, photo], [pictures.cutout, cutout]].some(([made, came]) => made && !came);
  return { item, isUnseen, frame: photo && { ...size, photo, cutout, heat, full: null } };
}

export class Line {
  current = null;
  failure = null; // why what waits could not be asked for, the last time
  #next = null; // a promise
  #passed = [];
  #deciding = new Map();
  #saving = 0;
  #turn = 0; // the last change of frames wins, however slowly an earlier one loads
  #isTurning = false; // until then nothing is looked at, but something is on its way
  #awaiting = null; // what is to be done once it is there
  #after; // the page that this one takes the place of, until the server was told

  // on: {show(entry), coming(is), ready(entry), choices(item), line(line), lost(item, holder), refused(error)}
  constructor(server, on) {
    this.server = server;
    this.on = on;
    setInterval(() => this.#beat(), BEAT);
    setInterval(() => this.#poll(), POLL);
    document.addEventListener("visibilitychange", () => document.hidden || this.#beat());
  }

  // With the frame that was asked for, if one was, or else with the next.
  async start(asked) {
    this.#after = this.server.takeLeft();
    this.#isTurning = true;
    if (asked === null) return this.advance();
    try {
      await this.open(asked);
    } catch (error) {
      this.on.refused(error);
      await this.advance();
    }
  }

  async #turnTo(coming, before = () => {}) {
    const turn = ++this.#turn;
    this.#isTurning = true;
    this.on.coming(this.isComing);
    const entry = await coming;
    if (turn !== this.#turn) return;
    this.#isTurning = false;
    this.on.coming(false);
    before();
    this.#show(entry);
  }

  get isComing() {
    return this.#isTurning && !this.current;
  }

  // Now, or once the frame that is on its way is looked at; of several the first, which may open a dialog.
  whenThere(act) {
    if (!this.isComing) return act();
    this.#awaiting ??= act;
  }

  // The frame that is looked at is decided, skipped or put aside: on to the next one.
  async advance() {
    const next = this.#following(this.#next);
    this.#next = null;
    this.current = null;
    await this.#turnTo(next);
  }

  // What came ahead, or else what waits by now.
  async #following(ahead) {
    return (ahead && (await ahead)) ?? this.#fetch({ isAhead: false });
  }

  // Runs while the next frame is looked at already; until it is over the frame isn't offered again.
  async settle(id, work, isSaving = false) {
    const done = work();
    this.#deciding.set(id, done);
    this.#saving += isSaving;
    try {
      return await done;
    } finally {
      this.#deciding.delete(id);
      this.#saving -= isSaving;
    }
  }

  // Whether an edit is on its way to the server.
  get isSaving() {
    return this.#saving > 0;
  }

  // Nothing is on its way to the server any more.
  async settled() {
    await Promise.allSettled(this.#deciding.values());
  }

  // Whether there is another one to look at.
  async forward() {
    this.#next ??= this.#fetch({ isAhead: true });
    if (!this.current || !(await this.#next)) return false;
    this.#passed = [...this.#passed, this.current.item.id].slice(-PASSED);
    await this.advance();
    return true;
  }

  async back() {
    const id = this.#passed.pop();
    if (id) await this.open(id);
  }

  // here: though another tab of one's own has it.
  async open(id, here = false) {
    await Promise.allSettled([this.#deciding.get(id)]); // or it would be shown as it was before
    const { item, line } = await this.server.ask("open", id, { here, after: this.#takeAfter() });
    await this.turnTo(item, line);
  }

  // Another frame than the next one; the one that was looked at comes after it.
  async turnTo(item, line) {
    await this.#turnTo(loaded(item), () => {
      if (this.current && this.current.item.id !== item.id) this.#next = Promise.resolve(this.current);
      this.on.line(line);
    });
  }

  // The same frame, worked over; null where it isn't looked at any more.
  async renew(was, item) {
    const entry = await loaded({ ...item, numbered: was.numbered });
    if (this.current?.item === was) return (this.current = entry);
    const ahead = this.#next;
    if ((await ahead)?.item === was && this.#next === ahead) this.#next = Promise.resolve(entry);
    return null;
  }

  #show(entry) {
    this.current = entry;
    if (entry) this.#passed = this.#passed.filter((id) => id !== entry.item.id);
    this.on.show(entry);
    const act = this.#awaiting;
    this.#awaiting = null;
    if (entry) act?.();
    if (!entry) return;
    if (this.#next) this.#beat();
    else this.#next = this.#fetch({ isAhead: true });
  }

  // What is decided just now, and what is looked at, if that is in these hands and isn't to be let go.
  #held(isLeaving = false) {
    const own = isLeaving || this.current?.item.held ? null : this.current?.item.id;
    return [...new Set([own, ...this.#deciding.keys()])].filter(Boolean).slice(0, MOST);
  }

  #takeAfter() {
    const after = this.#after;
    this.#after = "";
    return after;
  }

  // The next frame. One that comes ahead is claimed only when it is shown; until then anybody may take it.
  async #fetch({ isAhead }) {
    const held = this.#held(!isAhead);
    const beside = [this.current?.item.id, ...this.#passed].filter(Boolean);
    try {
      const asked = { held, beside, is_ahead: isAhead, after: this.#takeAfter() };
      const { item, lost, line } = await this.server.ask("next", 0, asked);
      this.failure = null;
      this.on.line(line);
      this.#tellOfLost(lost);
      const entry = item && (await loaded(item));
      this.on.ready(entry);
      return entry;
    } catch (error) {
      this.failure = error;
      this.on.refused(error);
      return null;
    }
  }

  // When there is nothing to look at, or nothing after it, something may have come.
  async #poll() {
    if (document.hidden) return;
    if (this.current?.item.areMoreComing) await this.#askForChoices(this.current.item);
    if ((this.#next && (await this.#next)) || this.#isTurning) return;
    if (this.current) this.#next = this.#fetch({ isAhead: true });
    else await this.advance();
  }

  // Cut-outs to choose from are made while the frame is looked at already.
  async #askForChoices(item) {
    try {
      const { alternatives, areMoreComing } = await this.server.ask("choices", item.id);
      const isSame = alternatives.length === item.alternatives.length && areMoreComing === item.areMoreComing;
      if (isSame) return;
      Object.assign(item, { alternatives: await withImages(alternatives), areMoreComing });
      if (this.current?.item === item) this.on.choices(item);
    } catch (error) {
      item.areMoreComing = false;
      this.on.refused(error);
    }
  }

  async #beat() {
    const next = this.#next && (await this.#next);
    const [held, ahead] = [this.#held(), next ? [next.item.id] : []];
    if (!held.length && !ahead.length) return;
    try {
      const { lost, line } = await this.server.ask("beat", 0, { held, ahead });
      this.on.line(line);
      if (next && next.item.id in lost && next === (await this.#next)) this.#next = this.#fetch({ isAhead: true });
      this.#tellOfLost(lost);
    } catch (error) {
      this.on.refused(error);
    }
  }

  #tellOfLost(lost) {
    const current = this.current?.item;
    if (current && !current.held && current.id in lost) this.on.lost(current, lost[current.id]);
  }
}
