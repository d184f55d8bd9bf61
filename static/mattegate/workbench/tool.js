// The tool in hand, how large it is, and the ring that shows it on the picture.
import { clamp, element } from "../dom.js";

const PAINTING = new Set(["brush", "erase"]);
const CLICKING = new Set(["fill", "cut", "refine"]);

export class Tool {
  name = null;
  size = 40;
  #ring = element("div", { class: "wb-ring" });

  constructor(host) {
    this.host = host;
    host.append(this.#ring);
    host.addEventListener("pointerleave", () => this.hide());
  }

  get paints() {
    return PAINTING.has(this.name);
  }

  get isEditing() {
    return this.paints || CLICKING.has(this.name);
  }

  take(name) {
    this.name = name;
    this.host.dataset.tool = name ?? "";
    this.hide();
  }

  setSize(size) {
    this.size = clamp(size, 2, 1000);
  }

  hide() {
    this.#ring.hidden = true;
  }

  moveTo({ x, y }) {
    this.#ring.hidden = !this.isEditing;
    this.#ring.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  }

  shape(scale) {
    const side = this.paints || this.name === "refine" ? this.size * scale : 14;
    this.#ring.style.width = this.#ring.style.height = `${side}px`;
  }
}
