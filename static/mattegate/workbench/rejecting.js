// Why a photo is rejected: a reason by its number, one's own words, and a mark on the photo for whoever takes it anew.
import { at, button, element } from "../dom.js";
import { meaning } from "./keys.js";
import { Mark } from "./mark.js";

const CUTOUT = "the photo is fine, the cut-out isn’t";
const NEEDS_WORDS = "Say what it is, then press Enter.";
const NEEDS_REASON = "Now the reason, please.";

export class Rejecting {
  #dialog = at("reject");
  #remark = at("remark");
  #hint = at("remark-hint");
  #mark = new Mark(at("mark"), at("mark-hint"), at("unmark"));
  #item = null; // what the words and the mark are about
  #chosen = null; // a reason that waits for words

  // decide(item, kind, told) carries it out.
  constructor({ reasons, somethingElse }, keys, decide) {
    Object.assign(this, { reasons, somethingElse, keys, decide });
    at("reasons").replaceChildren(...[...reasons, CUTOUT].map((words, index) => this.#row(words, index)));
    this.#dialog.addEventListener("keydown", (event) => this.#key(event));
    this.#remark.addEventListener("keydown", (event) => this.#typed(event));
    at("tell").addEventListener("click", () => this.#reject(this.#chosen));
  }

  open(item) {
    const { id, code, view, pictures } = item;
    if (id !== this.#item?.id) this.#clear();
    this.#item = item;
    this.#choose(null);
    at("marking").hidden = !pictures.photo;
    this.#mark.show(pictures.photo, `${code} ${view}`);
    this.#dialog.showModal();
    at("reasons").querySelector("button").focus();
  }

  #clear() {
    this.#remark.value = "";
    this.#mark.clear();
  }

  #row(words, index) {
    const key = element("kbd", {}, String(index + 1));
    return element("li", {}, button({ class: "wb-reason", onclick: () => this.#reject(index) }, key, words));
  }

  #choose(index) {
    this.#chosen = index;
    this.#hint.textContent = index === null ? "" : NEEDS_WORDS;
    at("tell").hidden = index === null;
    [...at("reasons").querySelectorAll("button")].forEach((row, at) => (row.ariaPressed = String(at === index)));
  }

  // "Something else" alone tells nothing.
  #reject(index) {
    const why = this.reasons[index] ?? "";
    const remark = this.#remark.value.trim();
    if (why === this.somethingElse && !remark) {
      this.#choose(index);
      return this.#remark.focus();
    }
    this.#dialog.close();
    const kind = index < this.reasons.length ? "reject" : "discard";
    this.decide(this.#item, kind, { why, remark, mark: this.#mark.value });
  }

  #key(event) {
    const { target } = event;
    if (target === this.#remark || event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    if (!this.keys.areCharactersOn) return;
    const key = meaning(event);
    if (key >= "1" && key <= String(this.reasons.length + 1)) this.#reject(Number(key) - 1);
    else if (key === "n") this.#remark.focus();
    else if (key === "m" && !at("marking").hidden) this.#mark.takeUp();
    else return;
    event.preventDefault();
  }

  // Enter goes on: with the reason that waited for words, or back to where a number chooses one.
  #typed(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (this.#chosen !== null) return this.#reject(this.#chosen);
    // Not to a reason: a second Enter would take it.
    this.#hint.textContent = NEEDS_REASON;
    at("reasons").focus();
  }
}
