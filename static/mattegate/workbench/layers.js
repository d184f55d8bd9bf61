// Three canvases over one another, as large as the screen shows them: a ghost of the photo below, the matte, and on top
// what is laid over it. Their units are pixels of the photo.
import { clamp, element } from "../dom.js";
import { boxOf, drawStep, drawStretch, meets } from "./edit.js";

const GHOST = 0.35;
const SHARP_FROM = 3; // CSS pixels a pixel of the photo: from here on its pixels are shown as squares
const OUTLINE = "#ff2bd6";

const area = ({ width, height }) => [0, 0, width, height];

function layer(host, name) {
  const canvas = element("canvas", { class: "wb-canvas", "data-layer": name });
  host.append(canvas);
  return canvas.getContext("2d");
}

export class Layers {
  #ground;
  #matte;
  #top;
  #baked = element("canvas").getContext("2d");
  frame = null; // width, height; photo, cutout, heat: pictures; full: {photo, mask} once they are there
  mode = "compare";
  isEditing = false;
  flickers = false;
  split = 0.5;
  place = null;
  dim = null; // {x, kept}: where the half-glass picture ends

  constructor(host, viewport, edit) {
    this.viewport = viewport;
    this.edit = edit;
    [this.#ground, this.#matte, this.#top] = ["ground", "matte", "top"].map((name) => layer(host, name));
  }

  get density() {
    return Math.min(window.devicePixelRatio || 1, 2);
  }

  // Whether the screen shows more pixels than the preview has.
  get isBeyondPreview() {
    const { frame, viewport } = this;
    return Boolean(frame?.photo) && viewport.scale * this.density * frame.width > frame.photo.width * 1.1;
  }

  get lacksDetail() {
    const { chosen } = this.edit;
    return this.isBeyondPreview && (!this.frame.full || (chosen !== null && chosen.full === undefined));
  }

  resize() {
    const { width, height } = this.viewport.size;
    for (const { canvas } of [this.#ground, this.#matte, this.#top]) {
      canvas.width = Math.round(width * this.density);
      canvas.height = Math.round(height * this.density);
    }
  }

  draw() {
    for (const context of [this.#ground, this.#matte, this.#top]) this.#clear(context);
    if (!this.frame?.photo) return;
    if (this.flickers || this.mode === "photo") return this.#drawPhoto(this.#top);
    this.#drawGround();
    this.#drawMatte();
    this.#drawTop();
  }

  // While a stroke is drawn, only its newest stretch is: at 24 megapixels there is no time for more.
  drawStretch(stroke, points) {
    drawStretch(this.#matte, stroke, points, this.#ink(this.#matte));
  }

  // What is finished is kept at the preview's size, for all zooms that show no more than that.
  bake(step) {
    drawStep(this.#baked, step, this.#ink(this.#baked));
  }

  rebake() {
    const { frame, edit } = this;
    const { canvas } = this.#baked;
    [canvas.width, canvas.height] = [frame.photo.width, frame.photo.height];
    this.#baked.setTransform(canvas.width / frame.width, 0, 0, canvas.height / frame.height, 0, 0);
    const base = edit.chosen?.image ?? frame.cutout;
    if (base) this.#baked.drawImage(base, ...area(frame));
    for (const step of edit.strokes) this.bake(step);
  }

  #clear(context) {
    const { scale, origin } = this.viewport;
    const density = this.density;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(scale * density, 0, 0, scale * density, origin.x * density, origin.y * density);
    context.imageSmoothingEnabled = scale < SHARP_FROM;
  }

  get #photo() {
    return (this.isBeyondPreview && this.frame.full?.photo) || this.frame.photo;
  }

  #drawPhoto(context) {
    context.drawImage(this.#photo, ...area(this.frame));
  }

  #drawGround() {
    const isGhost = this.isEditing && this.mode !== "alpha";
    if (!isGhost && this.mode !== "outline") return;
    this.#ground.globalAlpha = isGhost ? GHOST : 1;
    this.#drawPhoto(this.#ground);
    this.#ground.globalAlpha = 1;
  }

  #drawMatte() {
    const context = this.#matte;
    this.#drawCutout(context);
    if (this.mode === "alpha") this.#tint(context, "#fff");
    if (this.mode === "outline") this.#keepOutline(context);
  }

  #drawCutout(context) {
    const mask = this.edit.chosen ? this.edit.chosen.full : this.frame.full?.mask;
    if (!this.isBeyondPreview || !mask) return context.drawImage(this.#baked.canvas, ...area(this.frame));
    this.#drawPhoto(context);
    context.globalCompositeOperation = "destination-in";
    context.drawImage(mask, ...area(this.frame));
    context.globalCompositeOperation = "source-over";
    const ink = this.#ink(context);
    const seen = this.#seen();
    const isSeen = (step) => meets(step.box ?? boxOf(step.points, step.size), seen);
    for (const step of this.edit.strokes.filter(isSeen)) drawStep(context, step, ink);
  }

  #seen() {
    const { width, height } = this.viewport.size;
    const [low, high] = [this.viewport.toPhoto({ x: 0, y: 0 }), this.viewport.toPhoto({ x: width, y: height })];
    return { x0: low.x, y0: low.y, x1: high.x, y1: high.y };
  }

  // The photo, as something to paint with.
  #ink(context) {
    const photo = this.#photo;
    const pattern = context.createPattern(photo, "no-repeat");
    const matrix = new DOMMatrix().scale(this.frame.width / photo.width, this.frame.height / photo.height);
    pattern.setTransform(matrix);
    return pattern;
  }

  #tint(context, colour) {
    context.globalCompositeOperation = "source-in";
    context.fillStyle = colour;
    context.fillRect(...area(this.frame));
    context.globalCompositeOperation = "source-over";
  }

  // A silhouette moved by a little in all directions, less the silhouette itself.
  #keepOutline(context) {
    this.#tint(context, OUTLINE);
    const { canvas } = context;
    const shape = new OffscreenCanvas(canvas.width, canvas.height);
    shape.getContext("2d").drawImage(canvas, 0, 0);
    const reach = 1.5 * this.density;
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (let turn = 0; turn < 8; turn++) {
      context.drawImage(shape, reach * Math.cos((turn * Math.PI) / 4), reach * Math.sin((turn * Math.PI) / 4));
    }
    context.globalCompositeOperation = "destination-out";
    context.drawImage(shape, 0, 0);
    context.restore();
  }

  #drawTop() {
    const context = this.#top;
    if (this.mode === "compare" && !this.isEditing) this.#drawBefore(context);
    if (this.mode === "doubt" && this.frame.heat) context.drawImage(this.frame.heat, ...area(this.frame));
    if (this.dim) this.#drawDim(context);
    if (this.place) this.#drawPlace(context);
  }

  #drawBefore(context) {
    const edge = this.viewport.toPhoto({ x: this.split * this.viewport.size.width, y: 0 }).x;
    const width = clamp(edge, 0, this.frame.width);
    if (width <= 0) return;
    context.save();
    context.beginPath();
    context.rect(0, 0, width, this.frame.height);
    context.clip();
    this.#drawPhoto(context);
    context.restore();
  }

  #drawDim(context) {
    const { x, kept } = this.dim;
    const { width, height } = this.frame;
    context.fillStyle = "rgb(10 12 16 / .55)";
    context.fillRect(kept === "left" ? x : 0, 0, kept === "left" ? width - x : x, height);
  }

  #drawPlace(context) {
    const { x0, y0, x1, y1 } = this.place;
    const pixel = 1 / this.viewport.scale;
    context.beginPath();
    context.roundRect(x0, y0, x1 - x0, y1 - y0, 8 * pixel);
    for (const [colour, width] of [["rgb(255 255 255 / .9)", 4], ["#d92626", 2]]) {
      context.strokeStyle = colour;
      context.lineWidth = width * pixel;
      context.setLineDash(width === 2 ? [7 * pixel, 5 * pixel] : []);
      context.stroke();
    }
    context.setLineDash([]);
  }
}
