// How the frame is looked at: which view of it, on which backdrop, at which place, and which alternative.
import { at } from "../dom.js";
import { announce, say } from "./notice.js";
import { choices } from "./panel.js";
import { picture as load } from "./server.js";

export const MODES = ["compare", "cutout", "alpha", "outline", "doubt"];
export const BACKDROPS = ["checker", "white", "black", "magenta"];

const after = (names, now) => names[(names.indexOf(now) + 1) % names.length];

export class Looking {
  #backdrop = "checker";

  constructor(picture, line) {
    this.picture = picture;
    this.line = line;
  }

  get #doubt() {
    return this.line.current?.item.chips.find(({ place }) => place);
  }

  setMode(mode) {
    this.picture.setMode(mode);
    for (const made of at("modes").children) made.ariaPressed = String(made.dataset.mode === mode);
    this.showDoubt();
  }

  nextMode() {
    this.setMode(after(MODES, this.picture.mode));
    announce(`View: ${this.picture.mode}`);
  }

  setBackdrop(name) {
    this.#backdrop = name;
    this.picture.setBackdrop(name);
    for (const made of at("backdrops").children) made.ariaPressed = String(made.dataset.backdrop === name);
  }

  nextBackdrop() {
    this.setBackdrop(after(BACKDROPS, this.#backdrop));
    announce(`Backdrop: ${this.#backdrop}`);
  }

  // The view of doubts goes to the first one that has a place.
  showDoubt() {
    if (this.picture.mode === "doubt") this.lookAt(this.#doubt);
  }

  lookAt(told) {
    if (!told?.place) return;
    const [x0, y0, x1, y1] = told.place;
    this.picture.showPlace({ x0, y0, x1, y1 });
    this.picture.zoomTo({ x0, y0, x1, y1 });
  }

  zoomToDoubt() {
    const isBack = this.picture.isZoomedIn;
    if (isBack) this.picture.fit();
    else if (this.#doubt) this.lookAt(this.#doubt);
    else this.picture.actualSize();
    announce(isBack ? "The whole photo" : `Zoomed to ${this.#doubt?.words ?? "its full size"}`);
  }

  pick(index) {
    const { picture } = this;
    const item = this.line.current?.item;
    const other = item && choices(item)[index];
    if (!other) return announce("There is no alternative of that number");
    if (picture.isJust(other.rung)) return announce(`Chosen: ${other.words}`);
    if (!other.isOwn && !other.image) return say("This alternative’s picture is gone; choose another.", "bad");
    picture.choose(other.isOwn ? this.#own(other) : other);
    announce(`Chosen: ${other.words}`);
    if (picture.mode === "compare" && picture.isMostlyBefore) this.setMode("cutout");
  }

  #own(choice) {
    const { frame, item } = this.line.current;
    return { ...choice, image: frame.cutout, mask: item.pictures.mask };
  }

  // The photo and the matte at full size, once the screen can show more than the preview has.
  async sharpen() {
    const { frame, item } = this.line.current;
    const { chosen } = this.picture;
    if (!frame.full) {
      frame.full = {}; // asked for
      const [photo, mask] = await Promise.all([item.pictures.fullPhoto, item.pictures.mask].map(load));
      frame.full = { photo, mask };
    }
    if (chosen && chosen.full === undefined) {
      chosen.full = null;
      chosen.full = await load(chosen.mask);
    }
    this.picture.redraw();
  }
}
