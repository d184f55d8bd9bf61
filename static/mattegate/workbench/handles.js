// The two lines over the picture that can be moved: where before turns to after, and the bridge.
import { clamp, element } from "../dom.js";

function handle(host, className, name) {
  const line = element("div", { class: className, tabindex: "0", role: "slider", "aria-label": name });
  host.append(line);
  return line;
}

function dragged(line, host, move) {
  line.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    line.setPointerCapture(event.pointerId);
    line.focus();
    event.preventDefault();
  });
  line.addEventListener("pointermove", (event) => {
    if (line.hasPointerCapture(event.pointerId)) move(event.clientX - host.getBoundingClientRect().left);
  });
}

const arrow = ({ key }) => ({ ArrowLeft: -1, ArrowRight: 1 })[key] ?? 0;

export class Split {
  share = 0.5;

  constructor(host, onMove) {
    this.host = host;
    this.onMove = onMove;
    this.line = handle(host, "wb-split", "Before and after");
    dragged(this.line, host, (x) => this.put(x / host.clientWidth));
    this.line.addEventListener("keydown", (event) => {
      if (!arrow(event) || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      this.put(this.share + 0.02 * arrow(event));
    });
    this.put(this.share);
  }

  put(share) {
    this.share = clamp(share, 0, 1);
    this.line.style.left = `${100 * this.share}%`;
    this.line.ariaValueMin = 0;
    this.line.ariaValueMax = 100;
    this.line.ariaValueNow = Math.round(100 * this.share);
    this.line.ariaValueText = `photo up to ${Math.round(100 * this.share)} per cent`;
    this.onMove(this.share);
  }
}

export class Bridge {
  bridge = null; // first, last, found, x, estimates' x: pixels of the photo; side: the half that is kept, or ""
  x = null;
  #isStart = false; // nobody put it there yet
  #marks = [];

  constructor(host, viewport, onMove) {
    this.viewport = viewport;
    this.onMove = onMove;
    this.line = handle(host, "wb-bridge", "Bridge");
    dragged(this.line, host, (x) => this.put(viewport.toPhoto({ x, y: 0 }).x - 0.5, true));
    this.line.addEventListener("keydown", (event) => this.#key(event));
    this.line.addEventListener("dblclick", () => this.putBack());
  }

  show(bridge) {
    this.bridge = bridge;
    this.x = bridge?.x ?? null;
    this.#isStart = false;
    for (const mark of this.#marks) mark.remove();
    this.#marks = (bridge?.estimates ?? []).map(({ name }, index) => this.#mark(name, index));
    this.draw();
  }

  get isMoved() {
    return this.bridge !== null && this.x !== null && !this.#isStart && this.x !== this.bridge.x;
  }

  // As pipeline.imaging.halfglass.crop_at decides where no nearer lens is known.
  get kept() {
    const { side, first, last } = this.bridge;
    return side || (this.x - first > last - this.x ? "left" : "right");
  }

  // Where the half that is kept ends.
  get cut() {
    return this.x === null ? null : { x: this.x + 0.5, kept: this.kept };
  }

  get shift() {
    const { found } = this.bridge;
    return found === null ? null : Math.round(this.x - found);
  }

  put(x, isRounded = false) {
    const { first, last } = this.bridge;
    this.#moveTo(clamp(isRounded ? Math.round(x) : x, first, last));
  }

  putBack() {
    this.#moveTo(this.bridge.x);
  }

  #moveTo(x, isStart = false) {
    this.x = x;
    this.#isStart = isStart;
    this.draw();
    this.onMove();
  }

  // One that was never placed starts in the middle, which decides nothing.
  takeUp() {
    const { first, last } = this.bridge;
    if (this.x === null) this.#moveTo(Math.round((first + last) / 2), true);
    this.line.focus();
  }

  take(index) {
    const estimate = this.bridge.estimates[index];
    if (estimate) this.put(estimate.x);
  }

  // Where an estimate stands, and the key that takes it.
  #mark(name, index) {
    const words = element("span", {}, element("kbd", {}, String(index + 1)), name);
    const mark = element("div", { class: "wb-estimate", "aria-hidden": "true" }, words);
    mark.style.setProperty("--row", index);
    this.line.before(mark);
    return mark;
  }

  // From which share of the photo's height down.
  #place(line, x, from = 0) {
    const { origin, scale, photo } = this.viewport;
    const height = photo.height * scale;
    Object.assign(line.style, {
      left: `${origin.x + (x + 0.5) * scale}px`,
      top: `${origin.y + from * height}px`,
      height: `${(1 - from) * height}px`,
    });
  }

  draw() {
    this.#marks.forEach((mark, index) => this.#place(mark, this.bridge.estimates[index].x));
    this.line.hidden = this.x === null;
    if (this.line.hidden) return;
    this.#place(this.line, this.x, 0.5);
    this.line.ariaValueMin = this.bridge.first;
    this.line.ariaValueMax = this.bridge.last;
    this.line.ariaValueNow = Math.round(this.x);
    this.line.ariaValueText = `${Math.round(this.x)} px from the left`;
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (arrow(event)) this.put(this.x + arrow(event) * (event.shiftKey ? 10 : 1));
    else if (event.key === "Escape" && this.x !== this.bridge.x) this.putBack();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
