// Which key does what; the page's list of keys is made of the same table.
const FIELDS = "input:not([type=range]), textarea, select, [contenteditable]";
const isTyping = (target) => target.closest(FIELDS) !== null;
const isSliding = (target, key) => target.closest("[type=range]") !== null && /^(Arrow|Page|Home|End)/.test(key);
const isInClosedDialog = (target) => target.closest("dialog:not([open])") !== null;
const name = ({ key }) => (key.length === 1 ? key.toLowerCase() : key);

export class Keys {
  #table = new Map();
  #held = new Map();

  constructor() {
    document.addEventListener("keydown", (event) => this.#down(event, event.target));
    document.addEventListener("keydown", (event) => this.#downInClosedDialog(event), { capture: true });
    document.addEventListener("keyup", (event) => this.#up(event));
    window.addEventListener("blur", () => this.#release());
    // A button that was clicked lets go of the keys: Enter and space mean the picture again.
    document.addEventListener("click", ({ target, detail }) => {
      if (detail) target.closest("main button, footer button")?.blur();
    });
  }

  // A key, what it does, in words, and when; `up` is for keys that are held.
  set(key, words, act, { up = null, label = key, repeats = false } = {}) {
    this.#table.set(key, { words, act, up, label, repeats });
  }

  press(key) {
    this.#table.get(key)?.act();
  }

  get list() {
    return [...this.#table.values()].filter(({ words }) => words).map(({ label, words }) => [label, words]);
  }

  // Until the browser draws again, the focus stays in a dialog that was closed: its keys are the page's by then.
  #downInClosedDialog(event) {
    if (!isInClosedDialog(event.target)) return;
    event.stopPropagation();
    event.target.blur();
    this.#down(event, document.body);
  }

  #down(event, target) {
    if (isTyping(target) || isSliding(target, event.key) || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const key = event.ctrlKey || event.metaKey ? `Ctrl+${event.shiftKey ? "Shift+" : ""}${name(event)}` : name(event);
    const found = this.#table.get(key);
    // A focused button keeps its own keys.
    const isButtons = (key === " " || key === "Enter") && target.closest("button, a");
    if (!found || isButtons) return;
    event.preventDefault();
    if (event.repeat && !found.repeats) return;
    if (found.up) this.#held.set(key, found.up);
    found.act();
  }

  #release() {
    for (const up of this.#held.values()) up();
    this.#held.clear();
  }

  #up(event) {
    this.#held.get(name(event))?.();
    this.#held.delete(name(event));
  }
}
