// The picture of a frame: what is shown of it, and what is done to it.
import { Edit, pieceOf, place } from "./edit.js";
import { Gestures, clicking, painting, panning } from "./gestures.js";
import { Bridge, Split } from "./handles.js";
import { Layers } from "./layers.js";
import { Tool } from "./tool.js";
import { Viewport } from "./viewport.js";

export class Picture {
  #host;
  #viewport = new Viewport();
  #edit = new Edit();
  #layers;
  #split;
  #bridge;
  #tool;
  #gestures;
  #isDue = false;

  // on: {view, edit, bridge, click, detail}, each called when that has changed or is asked for.
  constructor(host, on) {
    this.#host = host;
    this.on = on;
    this.#layers = new Layers(host, this.#viewport, this.#edit);
    this.#split = new Split(host, () => this.redraw());
    this.#bridge = new Bridge(host, this.#viewport, () => this.#bridgeMoved());
    this.#tool = new Tool(host);
    this.#gestures = new Gestures(host, this);
    host.addEventListener("dblclick", (event) => this.#doubleClick(event));
    new ResizeObserver(() => this.#resize()).observe(host);
    this.#resize();
  }

  get mode() {
    return this.#layers.mode;
  }

  // CSS pixels a pixel of the photo.
  get zoom() {
    return this.#viewport.scale;
  }

  get isZoomedIn() {
    return this.#viewport.zoom > 1.01;
  }

  // Whether the comparison shows nearly nothing of the cut-out.
  get isMostlyBefore() {
    return this.#split.share > 0.9;
  }

  get tool() {
    return this.#tool.name;
  }

  get size() {
    return this.#tool.size;
  }

  get hasCutout() {
    return Boolean(this.#layers.frame?.cutout);
  }

  // Whether a tool is in hand that works on the matte.
  get isEditing() {
    return this.#tool.isEditing;
  }

  get canUndo() {
    return this.#edit.canUndo;
  }

  get canRedo() {
    return this.#edit.canRedo;
  }

  // Whether the matte isn't the saved one any more.
  get isEdited() {
    return this.#edit.isChange;
  }

  get isChanged() {
    return this.isEdited || this.#bridge.isMoved;
  }

  // The alternative that the strokes lie on, or none.
  get chosen() {
    return this.#edit.chosen;
  }

  get rung() {
    return this.chosen?.rung ?? "";
  }

  // Whether there are strokes or clicks that would be lost.
  get isPainted() {
    return this.#edit.strokes.length > 0;
  }

  get editToSend() {
    return this.#edit.toJSON();
  }

  get hasBridge() {
    return Boolean(this.#bridge.bridge);
  }

  // Where the bridge was put, or null while it is where it was.
  get movedBridge() {
    return this.#bridge.isMoved ? this.#bridge.x : null;
  }

  // How far from where it was found, in whole pixels; null if it wasn't found.
  get bridgeShift() {
    return this.#bridge.shift;
  }

  // Whether that alternative is what stands there, with nothing painted on it.
  isJust(rung) {
    return this.rung === rung && !this.#edit.strokes.length;
  }

  // Zoom and pan, mode and backdrop stay as they are.
  show(frame, bridge) {
    this.#edit.clear();
    this.#layers.frame = frame;
    this.#layers.place = null;
    this.setTool(null);
    if (frame) {
      this.#viewport.show(frame.width, frame.height);
      this.#layers.rebake();
    }
    this.#bridge.show(frame ? bridge : null);
    this.redraw();
  }

  // The matte has changed and the photo hasn't.
  choose(alternative) {
    this.#edit.add({ alternative });
    this.#edited();
  }

  setMode(mode) {
    this.#layers.mode = this.#host.dataset.mode = mode;
    this.#showSplit();
    this.redraw();
  }

  setBackdrop(name) {
    this.#host.dataset.backdrop = name;
  }

  flicker(isOn) {
    this.#layers.flickers = isOn;
    this.redraw();
  }

  setTool(tool) {
    this.#tool.take(tool);
    this.#layers.isEditing = this.isEditing;
    this.#dim();
    this.#showSplit();
    this.redraw();
  }

  setSize(size) {
    this.#tool.setSize(size);
    this.#tool.shape(this.zoom);
  }

  // While the server is asked what a click means.
  setAsking(isAsking) {
    this.#host.toggleAttribute("data-asking", isAsking);
  }

  putBridge(x) {
    if (this.hasBridge) this.#bridge.put(x);
  }

  takeEstimate(index) {
    this.#bridge.take(index);
  }

  takeUpBridge() {
    this.#bridge.takeUp();
  }

  showPlace(box) {
    this.#layers.place = box;
    this.redraw();
  }

  zoomTo(box) {
    this.#viewport.zoomTo(box);
    this.redraw();
  }

  zoomAt(factor, at = { x: this.#viewport.size.width / 2, y: this.#viewport.size.height / 2 }) {
    this.#viewport.zoomAt(factor, at);
    this.redraw();
  }

  panBy(x, y) {
    this.#viewport.panBy(x, y);
    this.redraw();
  }

  fit() {
    this.#viewport.fit();
    this.redraw();
  }

  actualSize(at) {
    this.zoomAt(1 / this.#viewport.scale, at);
  }

  place(point) {
    return place(this.#viewport.toPhoto(point));
  }

  drawStretch(stroke, points) {
    this.#layers.drawStretch(stroke, points);
  }

  // A finished stroke: it stands on the screen already.
  keep(step) {
    this.#edit.add(step);
    this.#layers.bake(step);
    this.on.edit();
  }

  addPatch(stroke, box, mask) {
    const { frame } = this.#layers;
    this.keep({ ...stroke, box, piece: pieceOf(frame.full?.photo ?? frame.photo, frame.width, box, mask) });
    this.redraw();
  }

  undo() {
    this.#edit.undo();
    this.#edited();
  }

  redo() {
    this.#edit.redo();
    this.#edited();
  }

  onClick(stroke) {
    this.on.click(stroke);
  }

  drags(event) {
    if (!this.isEditing || event.button !== 0) return panning(this, event, (one) => this.#gestures.at(one));
    const start = this.place(this.#gestures.at(event));
    const stroke = { tool: this.tool, size: this.size };
    return this.#tool.paints ? painting(this, stroke, start) : clicking(this, stroke, start);
  }

  // A press that moved nothing puts the bridge there, while that is what one works on.
  clicked(point) {
    if (this.tool === "bridge" && this.hasBridge) this.#bridge.put(this.#viewport.toPhoto(point).x - 0.5, true);
  }

  hover(point) {
    this.#tool.moveTo(point);
  }

  redraw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#layers.split = this.#split.share;
      this.#layers.draw();
      this.#bridge.draw();
      this.#tool.shape(this.zoom);
      this.on.view();
      if (this.#layers.lacksDetail) this.on.detail();
    });
  }

  #resize() {
    this.#viewport.resize(this.#host.clientWidth, this.#host.clientHeight);
    this.#layers.resize();
    this.redraw();
  }

  #edited() {
    this.#layers.rebake();
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
    this.#layers.dim = this.tool === "bridge" ? this.#bridge.cut : null;
  }

  #showSplit() {
    this.#split.line.hidden = this.mode !== "compare" || this.isEditing;
  }

  #doubleClick(event) {
    if (this.isEditing || this.tool === "bridge" || event.target.closest("[role=slider]")) return;
    if (this.isZoomedIn) this.fit();
    else this.actualSize(this.#gestures.at(event));
  }
}
