// A frame that is another class, view or product than its name says. Refusals are told in the dialog, where they are
// mended; a name that another photo has is asked about first.
import { at } from "../dom.js";
import { meaning } from "./keys.js";
import { say, trying } from "./notice.js";

export class Renaming {
  #despite = [];
  #isAsking = false;

  constructor(server, line) {
    Object.assign(this, { server, line, dialog: at("rename"), form: at("rename-form") });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
    this.form.addEventListener("input", () => this.#tell(""));
    at("rename-close").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
  }

  open(item, view = item.view) {
    this.item = item;
    const { code, productClass } = this.form.elements;
    code.value = item.code;
    productClass.value = item.productClass;
    this.form.elements.view.value = view;
    this.#tell("");
    this.dialog.showModal();
    this.form.querySelector("[name=view]:checked").focus();
  }

  // A view by its number, unless the code is being typed.
  #key(event) {
    const { target } = event;
    const wanted = this.form.querySelectorAll("[name=view]")[Number(meaning(event)) - 1];
    if (target.type === "text" || event.isComposing || !wanted) return;
    wanted.focus();
    wanted.click();
  }

  // What stands in the way; of what is only asked, these frames were told of.
  #tell(words, despite = []) {
    this.#despite = despite;
    const told = at("rename-said");
    told.hidden = !words;
    told.textContent = words;
    at("rename-do").textContent = despite.length ? "Rename it all the same" : "Rename";
  }

  async #send() {
    if (this.#isAsking) return;
    this.#isAsking = true;
    const { code, view, productClass } = this.form.elements;
    const { id, version } = this.item;
    const name = { code: code.value, view: view.value, product_class: productClass.value };
    try {
      this.#answered(await this.server.ask("rename", id, { version, ...name, despite: this.#despite }));
    } catch (error) {
      this.#tell(error.message);
    } finally {
      this.#isAsking = false;
    }
  }

  #answered({ said, ask, despite }) {
    if (ask) return this.#tell(ask, despite);
    this.dialog.close();
    say(`${said} Undo takes it back.`);
    if (this.line.current?.item.id === this.item.id) trying(() => this.line.advance());
  }
}
