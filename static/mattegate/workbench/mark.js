// A mark on the photo, in shares of its width and height: a pin [x, y], a box [x0, y0, x1, y1], or none [].
import { clamp, drawn, element } from "../dom.js";

const STEP = 0.02;
const LEAST = 0.015; // a shorter drag is a click
const AROUND = 0.06;
const HINT = "Click for a pin, drag for a box; by keys, arrows move it and Shift with arrows makes it a box.";
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

const per = (share) => `${(100 * share).toFixed(2)}%`;
const around = ([x, y]) => [x - AROUND, y - AROUND, x + AROUND, y + AROUND];
const round = (share) => Math.round(1e4 * clamp(share, 0, 1)) / 1e4;

export class Mark {
  value = [];
  #start = null;

  constructor(host, hint, remove) {
    Object.assign(this, { host, hint, remove });
    this.image = element("img", { alt: "", draggable: "false" });
    this.layer = drawn("svg", { class: "wb-place", "aria-hidden": "true" });
    host.append(this.image, this.layer);
    host.addEventListener("pointerdown", (event) => this.#down(event));
    host.addEventListener("pointermove", (event) => this.#move(event));
    host.addEventListener("pointerup", () => (this.#start = null));
    host.addEventListener("pointercancel", () => (this.#start = null));
    host.addEventListener("keydown", (event) => this.#key(event));
    remove.addEventListener("click", () => this.#removed());
  }

  show(source, name) {
    if (source) this.image.src = source;
    this.host.ariaLabel = `Photo of ${name}, to mark a place on`;
    this.#draw();
  }

  clear() {
    this.put([]);
  }

  put(value) {
    this.value = value.map(round);
    this.#draw();
  }

  // By key there is a pin to begin with.
  takeUp() {
    this.host.focus();
    if (!this.value.length) this.put([0.5, 0.5]);
  }

  #removed() {
    this.clear();
    this.host.focus();
  }

  #place({ clientX, clientY }) {
    const { left, top, width, height } = this.image.getBoundingClientRect();
    return [clamp((clientX - left) / width, 0, 1), clamp((clientY - top) / height, 0, 1)];
  }

  #down(event) {
    if (event.button !== 0) return;
    this.host.setPointerCapture(event.pointerId);
    this.#start = this.#place(event);
    this.put(this.#start);
  }

  #move(event) {
    if (!this.#start) return;
    const [[x0, y0], [x1, y1]] = [this.#start, this.#place(event)];
    const isBox = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) > LEAST;
    this.put(isBox ? [Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)] : this.#start);
  }

  #key(event) {
    const step = ARROWS[event.key];
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (step && event.shiftKey) this.#resize(...step);
    else if (step) this.#shift(...step);
    else if (event.key === "Delete" || event.key === "Backspace") this.clear();
    else return;
    event.preventDefault();
  }

  #shift(x, y) {
    if (!this.value.length) return this.takeUp();
    const [x0, y0, x1 = x0, y1 = y0] = this.value;
    const [across, down] = [clamp(x, -x0, 1 - x1), clamp(y, -y0, 1 - y1)];
    this.put(this.value.map((share, index) => share + (index % 2 ? down : across)));
  }

  // A pin becomes a box around it, and a box that is made too small a pin again.
  #resize(x, y) {
    if (!this.value.length) return this.takeUp();
    if (this.value.length === 2) return this.put(around(this.value));
    const [x0, y0, x1, y1] = this.value;
    const isBox = x1 - x0 + 2 * x > LEAST && y1 - y0 + 2 * y > LEAST;
    this.put(isBox ? [x0 - x, y0 - y, x1 + x, y1 + y] : [(x0 + x1) / 2, (y0 + y1) / 2]);
  }

  get #shape() {
    const [x0, y0, x1, y1] = this.value;
    if (this.value.length === 2) return ["circle", { cx: per(x0), cy: per(y0), r: 10 }];
    return ["rect", { x: per(x0), y: per(y0), width: per(x1 - x0), height: per(y1 - y0), rx: 3 }];
  }

  get #words() {
    const [x, y] = this.value.map((share) => Math.round(100 * share));
    return `${this.value.length === 2 ? "Pin" : "Box"} at ${x} % from the left, ${y} % from the top.`;
  }

  #draw() {
    const isMarked = this.value.length > 0;
    const lines = isMarked ? ["wb-place-rim", "wb-place-line"] : [];
    this.layer.replaceChildren(...lines.map((name) => drawn(this.#shape[0], { ...this.#shape[1], class: name })));
    this.remove.hidden = !isMarked;
    const words = isMarked ? this.#words : HINT;
    if (this.hint.textContent !== words) this.hint.textContent = words; // or it would be read aloud each time
  }
}
