// What the browser keeps for us. Storage may be shut or full; then nothing is kept, and everything else works.
export class Storage {
  constructor(name) {
    this.name = name;
  }

  get keys() {
    return this.#trying((storage) => Object.keys(storage)) ?? [];
  }

  get(key) {
    return this.#trying((storage) => storage.getItem(key));
  }

  set(key, value) {
    this.#trying((storage) => storage.setItem(key, value));
  }

  remove(key) {
    this.#trying((storage) => storage.removeItem(key));
  }

  #trying(act) {
    try {
      return act(window[this.name]);
    } catch {
      return null;
    }
  }
}
