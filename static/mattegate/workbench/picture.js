// The picture of a frame: what is shown of it, and what is done to it.
import { Edit, pieceOf, place } from "./edit.js";
import { Gestures, clicking, painting, panning } from "./gestures.js";
import { Bridge, Split } from "./handles.js";
import { Layers } from "./layers.js";
import { Viewport } from "./viewport.js";

export const MODES = ["compare", "cutout", "alpha", "outline", "doubt"];
export const BACKDROPS = ["checker", "white", "black", "magenta"];
const STROKES = new Set(["brush", "erase"]);

export class Picture {
  viewport = new Viewport();
  edit = new Edit();
  tool = null;
  size = 40;
  #isDue = false;

  // on: {view, edit, bridge, click, detail}, each called when that has changed or is asked for.
  constructor(host, on) {
    this.host = host;
    this.on = on;
    this.layers = new Layers(host, this.viewport, this.edit);
    this.split = new Split(host, () => this.redraw());
    this.bridge = new Bridge(host, this.viewport, () => this.#bridgeMoved());
    this.ring = document.createElement("div");
    this.ring.className = "wb-ring";
    host.append(this.ring);
    this.gestures = new Gestures(host, this);
    host.addEventListener("dblclick", (event) => this.#doubleClick(event));
    host.addEventListener("pointerleave", () => (this.ring.hidden = true));
    new ResizeObserver(() => this.#resize()).observe(host);
    this.#resize();
    this.setMode("compare");
    this.setBackdrop("checker");
  }

  get mode() {
    return this.layers.mode;
  }

  get zoom() {
    return this.viewport.scale;
  }

  // Zoom, pan, mode and backdrop stay as they are.
  show(frame, bridge) {
    this.edit.clear();
    this.layers.frame = frame;
    this.layers.place = null;
    this.setTool(null);
    if (frame) {
      this.viewport.show(frame.width, frame.height);
      this.layers.rebake();
    }
    this.bridge.show(frame ? bridge : null);
    this.redraw();
  }

  // The matte has changed and the photo hasn't.
  choose(alternative) {
    this.edit.add({ alternative });
    this.#edited();
  }

  setMode(mode) {
    this.layers.mode = this.host.dataset.mode = mode;
    this.#showSplit();
    this.redraw();
  }

  setBackdrop(name) {
    this.host.dataset.backdrop = name;
  }

  flicker(isOn) {
    this.layers.flickers = isOn;
    this.redraw();
  }

  setTool(tool) {
    this.tool = tool;
    this.host.dataset.tool = tool ?? "";
    this.layers.isEditing = STROKES.has(tool) || ["fill", "cut", "refine"].includes(tool);
    this.ring.hidden = true;
    this.#dim();
    this.#showSplit();
    this.redraw();
  }

  setSize(size) {
    this.size = Math.min(Math.max(size, 2), 1000);
    this.#shapeRing();
  }

  showPlace(box) {
    this.layers.place = box;
    this.redraw();
  }

  zoomTo(box) {
    this.viewport.zoomTo(box);
    this.redraw();
  }

  zoomAt(factor, at = { x: this.viewport.size.width / 2, y: this.viewport.size.height / 2 }) {
    this.viewport.zoomAt(factor, at);
    this.redraw();
  }

  panBy(x, y) {
    this.viewport.panBy(x, y);
    this.redraw();
  }

  fit() {
    this.viewport.fit();
    this.redraw();
  }

  actualSize(at) {
    this.zoomAt(1 / this.viewport.scale, at);
  }

  place(point) {
    return place(this.viewport.toPhoto(point));
  }

  // A finished stroke: it stands on the screen already.
  keep(step) {
    this.edit.add(step);
    this.layers.bake(step);
    this.on.edit();
  }

  addPatch(stroke, box, mask) {
    const { frame } = this.layers;
    this.keep({ ...stroke, box, piece: pieceOf(frame.full?.photo ?? frame.photo, frame.width, box, mask) });
    this.redraw();
  }

  undo() {
    this.edit.undo();
    this.#edited();
  }

  redo() {
    this.edit.redo();
    this.#edited();
  }

  onClick(stroke) {
    this.on.click(stroke);
  }

  drags(event) {
    const isMain = event.button === 0;
    if (!this.tool || !this.layers.isEditing || !isMain) return panning(this, event, (one) => this.gestures.at(one));
    const start = this.place(this.gestures.at(event));
    const stroke = { tool: this.tool, size: this.size };
    return STROKES.has(this.tool) ? painting(this, stroke, start) : clicking(this, stroke, start);
  }

  hover({ x, y }) {
    this.ring.hidden = !this.layers.isEditing;
    this.ring.style.transform = `translate(${x}px, ${y}px) translate(-50%, -50%)`;
  }

  redraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.layers.split = this.split.share;
      this.layers.draw();
      this.bridge.draw();
      this.#shapeRing();
      this.on.view();
      if (this.layers.lacksDetail) this.on.detail();
    });
  }

  #resize() {
    this.viewport.resize(this.host.clientWidth, this.host.clientHeight);
    this.layers.resize();
    this.redraw();
  }

  #edited() {
    this.layers.rebake();
    this.redraw();
    this.on.edit();
  }

  #bridgeMoved() {
    this.#dim();
    this.redraw();
    this.on.bridge();
  }

  // The half that isn't published, while the bridge is what one works on.
  #dim() {
    const { x } = this.bridge;
    this.layers.dim = this.tool === "bridge" && x !== null ? { x: x + 0.5, kept: this.bridge.kept } : null;
  }

  #showSplit() {
    this.split.line.hidden = this.mode !== "compare" || this.layers.isEditing;
  }

  #shapeRing() {
    const side = STROKES.has(this.tool) || this.tool === "refine" ? this.size * this.viewport.scale : 14;
    this.ring.style.width = this.ring.style.height = `${side}px`;
  }

  #doubleClick(event) {
    if (this.layers.isEditing || event.target.closest("[role=slider]")) return;
    if (this.viewport.zoom > 1.01) this.fit();
    else this.actualSize(this.gestures.at(event));
  }
}
