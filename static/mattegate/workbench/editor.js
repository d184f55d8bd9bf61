// The tools that work on the matte: which one is armed, how large it is, what was done and undone.
import { at, button, element } from "../dom.js";
import { announce, STILL_SAVING } from "./notice.js";
import { maskFrom } from "./server.js";

const TOOLS = [
  ["brush", "Paint", "p", "Paint what is missing"],
  ["erase", "Erase", "d", "Erase what doesn’t belong"],
  ["fill", "Fill", "f", "Click into a hole to fill it"],
  ["cut", "Cut", "c", "Click on backdrop that was kept to cut it out"],
  ["refine", "Swap", "g", "Click on what is wrong: it and what looks like it changes sides"],
];
const GROWTH = 1.25;

export class Editor {
  #asked = null; // the item of which the server is asked what a click means
  #suggested = "brush";

  // on: {say(words), mode(name), save(), item(), isSaving(), onceThere(act)}
  constructor(picture, server, on) {
    Object.assign(this, { picture, server, on });
    this.bar = at("editing");
    this.modes = at("modes");
    this.shop = at("shop");
    this.toggle = at("edit");
    this.toggle.addEventListener("click", () => this.switch());
    this.#fill();
  }

  get isAsking() {
    return this.#asked !== null && this.#asked === this.on.item();
  }

  switch() {
    this.arm(this.picture.isEditing ? null : this.#suggested);
  }

  get #words() {
    return TOOLS.find(([tool]) => tool === this.picture.tool)?.[3] ?? "No tool in hand";
  }

  // What mends the doubt that is looked at; who edits already has chosen a tool, and keeps it.
  suggest(tool) {
    this.#suggested = tool;
  }

  arm(tool) {
    const { picture } = this;
    if (tool && this.on.isSaving()) return this.on.say(STILL_SAVING, "bad");
    if (tool && !picture.hasCutout) return this.on.say("There is no cut-out that could be edited.");
    if (tool && tool !== "bridge" && !["cutout", "alpha"].includes(picture.mode)) this.on.mode("cutout");
    picture.setTool(tool);
    this.show();
    if (tool !== "bridge") announce(this.#words);
  }

  show() {
    const { picture } = this;
    this.bar.hidden = !picture.isEditing;
    this.modes.hidden = this.shop.hidden = picture.isEditing;
    this.toggle.ariaPressed = String(picture.isEditing);
    for (const [tool, made] of Object.entries(this.buttons)) made.ariaPressed = String(picture.tool === tool);
    this.undo.disabled = !picture.canUndo;
    this.redo.disabled = !picture.canRedo;
    this.save.disabled = !picture.isEdited;
    this.range.value = Math.log(picture.size);
    this.sizeSaid.textContent = `${Math.round(picture.size)} px`;
    this.range.setAttribute("aria-valuetext", this.sizeSaid.textContent);
  }

  // A click's answer comes from the server, which has the photo at full size. Returns whether it was added.
  async click(stroke) {
    const item = this.on.item();
    if (!item || this.isAsking) return false;
    this.#asked = item;
    this.picture.setAsking(true);
    this.on.say("One moment: your click is being worked out.");
    const { rung, strokes } = this.picture.editToSend;
    const { tool, size, points } = stroke;
    try {
      const answer = await this.server.ask("click", item.id, { rung, strokes: [...strokes, { tool, size, points }] });
      const mask = await maskFrom(answer.mask);
      if (item !== this.on.item()) return false; // left meanwhile
      this.picture.addPatch(stroke, answer.box, mask);
      this.on.say("");
      return true;
    } catch (error) {
      if (item === this.on.item()) this.on.say(error.message, "bad");
      return false;
    } finally {
      if (this.#asked === item) {
        this.#asked = null;
        this.picture.setAsking(false);
      }
    }
  }

  // What is being saved stays as it is.
  takeBack() {
    if (!this.on.isSaving()) this.picture.undo();
  }

  bringBack() {
    if (!this.on.isSaving()) this.picture.redo();
  }

  resize(factor) {
    this.picture.setSize(this.picture.size * factor);
    this.show();
  }

  #fill() {
    this.buttons = Object.fromEntries(TOOLS.map((tool) => [tool[0], this.#armer(tool)]));
    this.#fillSize();
    this.undo = this.#small("↶", "Undo a stroke", "Undo (Ctrl+Z)", () => this.takeBack());
    this.redo = this.#small("↷", "Redo a stroke", "Redo (Ctrl+Shift+Z)", () => this.bringBack());
    const enter = element("kbd", {}, "⏎");
    this.save = button({ class: "wb-tool wb-primary", onclick: () => this.on.save() }, "Save ", enter);
    const size = element("span", { class: "wb-group" }, this.range, this.sizeSaid);
    this.bar.replaceChildren(...Object.values(this.buttons), size, this.undo, this.redo, this.save);
  }

  #armer([tool, words, key, title]) {
    const attributes = { class: "wb-tool", title, "aria-pressed": "false", onclick: () => this.arm(tool) };
    return button(attributes, words, " ", element("kbd", {}, key.toUpperCase()));
  }

  #fillSize() {
    const range = { min: Math.log(2), max: Math.log(1000), step: "0.05", "aria-label": "Size" };
    this.range = element("input", { type: "range", ...range });
    this.range.addEventListener("input", () => {
      this.picture.setSize(Math.exp(this.range.value));
      this.show();
    });
    this.sizeSaid = element("span", { class: "wb-size" });
  }

  #small(sign, name, title, onclick) {
    return button({ class: "wb-tool", title, "aria-label": name, onclick }, sign);
  }

  bind(keys) {
    const once = this.on.onceThere;
    keys.set("e", "edit the cut-out, and back", once(() => this.switch()), { label: "E" });
    for (const [tool, , key, title] of TOOLS) {
      keys.set(key, title.toLowerCase(), once(() => this.arm(tool)), { label: key.toUpperCase() });
    }
    keys.set("[", "smaller", () => this.resize(1 / GROWTH), { repeats: true });
    keys.set("]", "larger", () => this.resize(GROWTH), { repeats: true });
    keys.set("Ctrl+z", "undo a stroke", () => this.takeBack(), { label: "Ctrl Z", repeats: true });
    keys.set("Ctrl+Shift+z", "redo a stroke", () => this.bringBack(), { label: "Ctrl ⇧ Z", repeats: true });
    keys.set("Enter", "save the edit", () => this.on.save());
    keys.set("Escape", "put the tool down", () => this.arm(null), { label: "Esc" });
  }
}
