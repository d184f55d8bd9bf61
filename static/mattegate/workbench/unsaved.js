// What was chosen and painted and isn't saved: asked about before it is left, kept in the browser, offered again.
import { at, button, element } from "../dom.js";
import { Storage } from "../storage.js";
import { say } from "./notice.js";
import { choices } from "./panel.js";

const DRAFT = "mattegate.draft.";
const MOST = 20;
const kept = new Storage("localStorage");
const PAINTS = new Set(["brush", "erase"]);
const keyOf = ({ id, version }) => `${DRAFT}${id}.${version}`;

export class Unsaved {
  #dialog = at("unsaved");
  #offer = at("draft");
  #mayGo = false;
  #bringing = null; // the item whose draft is being drawn again

  constructor(picture, looking, editor, line) {
    Object.assign(this, { picture, looking, editor, line });
    // What is painted, or being saved so that it can be approved, would be lost.
    window.addEventListener("beforeunload", (event) => {
      if (!this.#mayGo && (picture.isChanged || line.isSaving)) event.preventDefault();
    });
    document.addEventListener("click", (event) => this.#followed(event));
  }

  // Whether it may be left: there is nothing, or somebody said so.
  async mayLeave(isChanged = this.picture.isChanged) {
    if (!isChanged) return true;
    this.#dialog.returnValue = "";
    this.#dialog.showModal();
    await new Promise((done) => this.#dialog.addEventListener("close", done, { once: true }));
    return this.#dialog.returnValue === "go";
  }

  async #followed(event) {
    const link = event.target.closest("a[href]:not([target], [href^='#'])");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || !this.picture.isChanged) return;
    event.preventDefault();
    if (!(await this.mayLeave())) return;
    this.#mayGo = true;
    location.assign(link.href);
  }

  // After each stroke.
  note(item) {
    if (item === this.#bringing) return;
    this.#offer.hidden = true;
    if (!this.picture.isEdited) return this.forget(item);
    this.#dropOld();
    this.#keep(item, this.picture.editToSend);
  }

  #keep(item, draft) {
    kept.set(keyOf(item), JSON.stringify(draft));
  }

  forget(item) {
    kept.remove(keyOf(item));
  }

  offer(item) {
    const draft = item.held ? null : this.#of(item);
    this.#offer.hidden = !draft;
    if (!draft) return;
    const settle = (act) => () => {
      this.#offer.hidden = true;
      act();
    };
    const back = button({ class: "wb-button", onclick: settle(() => this.bring(draft, item)) }, "Bring it back");
    const drop = button({ class: "wb-button", onclick: settle(() => this.forget(item)) }, "Forget it");
    const words = "You worked on this cut-out before, and did not save it.";
    this.#offer.replaceChildren(element("span", {}, words), back, drop);
  }

  // Onto its own frame. Until it stands there whole, it is kept as it was.
  async bring(draft, item) {
    if (!this.#isThere(item)) return;
    this.#keep(item, draft);
    this.#bringing = item;
    const isWhole = this.#choose(draft.rung, item) && (await this.#repeat(draft.strokes, item));
    if (!isWhole && this.#isThere(item)) this.#giveUp(item);
    if (this.#bringing === item) this.#bringing = null;
    if (isWhole) this.note(item);
  }

  #isThere(item) {
    return this.line.current?.item === item;
  }

  #choose(rung, item) {
    if (rung) this.looking.pick(choices(item).findIndex((other) => other.rung === rung));
    if (this.picture.rung === rung) return true;
    say("What you painted on is gone, so it can’t be brought back.", "bad");
    return false;
  }

  // Strokes are drawn again; what clicks came to is asked anew, and the frame may be left meanwhile.
  async #repeat(strokes, item) {
    for (const stroke of strokes) {
      if (PAINTS.has(stroke.tool)) this.picture.keep(stroke);
      else if (!(await this.editor.click(stroke))) return false;
    }
    this.picture.redraw();
    return this.#isThere(item);
  }

  // A part of it would be taken for all.
  #giveUp(item) {
    while (this.picture.canUndo) this.picture.undo();
    this.offer(item);
  }

  #of(item) {
    return JSON.parse(kept.get(keyOf(item)) ?? "null");
  }

  // Of frames that were never come back to; which are the oldest doesn't matter much.
  #dropOld() {
    const drafts = kept.keys.filter((key) => key.startsWith(DRAFT));
    drafts.slice(MOST).forEach((key) => kept.remove(key));
  }
}
