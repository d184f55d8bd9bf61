// What a person made of a matte: alternatives chosen, strokes painted, clicks answered by the server. All in pixels of
// the photo, so that the server can repeat it at full size.
import { element } from "../dom.js";

const round = (value) => Math.round(value * 100) / 100;

export class Edit {
  #done = [];
  #undone = [];

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  // The alternative that the strokes lie on, or none.
  get chosen() {
    return this.#done.findLast((step) => step.alternative)?.alternative ?? null;
  }

  get strokes() {
    const from = this.#done.findLastIndex((step) => step.alternative);
    return this.#done.slice(from + 1);
  }

  // Whether there is anything to save.
  get isChange() {
    return Boolean(this.chosen?.rung) || this.strokes.length > 0;
  }

  add(step) {
    this.#done.push(step);
    this.#undone = [];
  }

  undo() {
    if (this.canUndo) this.#undone.push(this.#done.pop());
  }

  redo() {
    if (this.canRedo) this.#done.push(this.#undone.pop());
  }

  clear() {
    this.#done = [];
    this.#undone = [];
  }

  // As the server reads it.
  toJSON() {
    const strokes = this.strokes.map(({ tool, size, points }) => ({ tool, size, points }));
    return { rung: this.chosen?.rung ?? "", strokes };
  }
}

export const place = ({ x, y }) => [round(x), round(y)];

// The box that a stroke, or a stretch of one, can touch.
export function boxOf(points, size) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const reach = size / 2 + 1;
  return {
    x0: Math.min(...xs) - reach,
    y0: Math.min(...ys) - reach,
    x1: Math.max(...xs) + reach,
    y1: Math.max(...ys) + reach,
  };
}

export const meets = (one, other) => one.x0 < other.x1 && one.x1 > other.x0 && one.y0 < other.y1 && one.y1 > other.y0;

// The context's units are pixels of the photo. Nothing outside of the stretch's own box is touched.
export function drawStretch(context, { tool, size }, points, ink) {
  const { x0, y0, x1, y1 } = boxOf(points, size);
  context.save();
  context.beginPath();
  context.rect(x0, y0, x1 - x0, y1 - y0);
  context.clip();
  context.globalCompositeOperation = tool === "erase" ? "destination-out" : "source-over";
  context.strokeStyle = tool === "erase" ? "#000" : ink;
  context.lineWidth = size;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  context.moveTo(...points[0]);
  for (const point of points.length > 1 ? points.slice(1) : points) context.lineTo(...point);
  context.stroke();
  context.restore();
}

// A click's answer takes the place of all that was in its box.
function drawPatch(context, { box, piece }) {
  const area = [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0];
  context.clearRect(...area);
  context.drawImage(piece, ...area);
}

export function drawStep(context, step, ink) {
  if (step.piece) drawPatch(context, step);
  else drawStretch(context, step, step.points, ink);
}

// The part of the photo that a mask leaves.
export function pieceOf(photo, photoWidth, box, mask) {
  const canvas = element("canvas", { width: mask.width, height: mask.height });
  const context = canvas.getContext("2d");
  const scale = photo.width / photoWidth;
  const area = [box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0].map((value) => value * scale);
  context.drawImage(photo, ...area, 0, 0, mask.width, mask.height);
  context.globalCompositeOperation = "destination-in";
  context.drawImage(mask, 0, 0);
  return canvas;
}
