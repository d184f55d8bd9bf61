// Which key does what; the page's list of keys is made of the same table.
import { Storage } from "../storage.js";

const kept = new Storage("localStorage");
const CHARACTERS = "mattegate-character-keys";
const FIELDS = "input:not([type=range]), textarea, select, [contenteditable]";
const isTyping = (target) => target.closest(FIELDS) !== null;
const isSliding = (target, key) => target.closest("[type=range]") !== null && /^(Arrow|Page|Home|End)/.test(key);
const isInClosedDialog = (target) => target.closest("dialog:not([open])") !== null;
const isCharacter = (key) => key.length === 1 && key !== " ";
const name = ({ key }) => (key.length === 1 ? key.toLowerCase() : key);

// What a key means. Some layouts have digits only with shift, and some no Latin letters at all: there the key's place
// counts, as it is on a keyboard of letters.
export function meaning(event) {
  const [, digit] = /^Digit(\d)$/.exec(event.code) ?? [];
  const [, letter] = /^Key([A-Z])$/.exec(event.code) ?? [];
  if (digit && !event.shiftKey) return digit;
  if (letter && event.key.length === 1 && !/[a-z]/i.test(event.key)) return letter.toLowerCase();
  return name(event);
}

export class Keys {
  #table = new Map();
  #held = new Map();
  areCharactersOn = kept.get(CHARACTERS) !== "off";

  constructor() {
    document.addEventListener("keydown", (event) => this.#down(event, event.target));
    document.addEventListener("keydown", (event) => this.#downInClosedDialog(event), { capture: true });
    document.addEventListener("keydown", (event) => this.#downAgain(event), { capture: true });
    document.addEventListener("keyup", (event) => this.#up(event));
    window.addEventListener("blur", () => this.#release());
    // A button that was clicked lets go of the keys: Enter and space mean the picture again.
    document.addEventListener("click", ({ target, detail }) => {
      if (detail) target.closest("main button, footer button")?.blur();
    });
  }

  // A key, what it does, in words, and when; `up` is for keys that are held, `leaves` for those that end a photo.
  set(key, words, act, { up = null, label = key, repeats = false, leaves = false } = {}) {
    this.#table.set(key, { words, act, up, label, repeats, leaves });
  }

  // Who dictates, or whose hand slips, may switch single characters off (WCAG 2.2, 2.1.4); buttons and other keys stay.
  switchCharacters(areOn) {
    this.areCharactersOn = areOn;
    kept.set(CHARACTERS, areOn ? "on" : "off");
  }

  press(key) {
    this.#table.get(key)?.act();
  }

  get list() {
    return [...this.#table.values()].filter(({ words }) => words).map(({ label, words }) => [label, words]);
  }

  // Held down, Enter answers once: what it would answer next is another photo's, or another question.
  #downAgain(event) {
    if (event.repeat && event.key === "Enter" && event.target.closest("button, a, input")) event.preventDefault();
  }

  // Until the browser draws again, the focus stays in a dialog that was closed: its keys are the page's by then.
  #downInClosedDialog(event) {
    if (!isInClosedDialog(event.target)) return;
    event.stopPropagation();
    event.target.blur();
    this.#down(event, document.body);
  }

  #down(event, target) {
    // A key that a dialog took is not the page's too, though the dialog has closed over it.
    if (event.defaultPrevented) return;
    // An input method that composes takes the keys for itself.
    if (isTyping(target) || isSliding(target, event.key) || event.altKey || event.isComposing) return;
    if (document.querySelector("dialog[open]")) return;
    const isCtrl = event.ctrlKey || event.metaKey;
    const key = isCtrl ? `Ctrl+${event.shiftKey ? "Shift+" : ""}${meaning(event)}` : meaning(event);
    const found = this.#table.get(key);
    // A focused button keeps its own keys.
    const isButtons = (key === " " || key === "Enter") && target.closest("button, a");
    if (!found || isButtons || (isCharacter(key) && !this.areCharactersOn)) return;
    event.preventDefault();
    if (event.repeat && !found.repeats) return;
    if (found.up) this.#held.set(key, found.up);
    // A button that had the focus is the last photo's by then: space would decide the next one.
    if (found.leaves) document.activeElement?.closest("footer button")?.blur();
    found.act();
  }

  #release() {
    for (const up of this.#held.values()) up();
    this.#held.clear();
  }

  #up(event) {
    this.#held.get(meaning(event))?.();
    this.#held.delete(meaning(event));
  }
}
