// What of the photo the screen shows. Zoom and centre are relative, so that they hold for another size of it, too.
import { clamp } from "../dom.js";

const MARGIN = 12;
const LARGEST = 8; // CSS pixels a pixel of the photo

export class Viewport {
  zoom = 1; // 1: the whole photo
  centre = { x: 0.5, y: 0.5 };
  size = { width: 1, height: 1 };
  photo = { width: 1, height: 1 };

  get fitted() {
    const { width, height } = this.size;
    const across = (width - 2 * MARGIN) / this.photo.width;
    return Math.max(Math.min(across, (height - 2 * MARGIN) / this.photo.height), 0.001);
  }

  // CSS pixels a pixel of the photo.
  get scale() {
    return this.fitted * this.zoom;
  }

  // Where the photo's corner lies on the screen.
  get origin() {
    return {
      x: this.size.width / 2 - this.centre.x * this.photo.width * this.scale,
      y: this.size.height / 2 - this.centre.y * this.photo.height * this.scale,
    };
  }

  toPhoto({ x, y }) {
    return { x: (x - this.origin.x) / this.scale, y: (y - this.origin.y) / this.scale };
  }

  toScreen({ x, y }) {
    return { x: this.origin.x + x * this.scale, y: this.origin.y + y * this.scale };
  }

  resize(width, height) {
    this.size = { width, height };
    this.#settle();
  }

  show(width, height) {
    this.photo = { width, height };
    this.#settle();
  }

  fit() {
    this.zoom = 1;
    this.#settle();
  }

  panBy(x, y) {
    this.centre.x -= x / (this.photo.width * this.scale);
    this.centre.y -= y / (this.photo.height * this.scale);
    this.#settle();
  }

  // The place of the photo under that point of the screen stays there.
  zoomAt(factor, at) {
    const place = this.toPhoto(at);
    this.zoom *= factor;
    this.#settle();
    const now = this.toScreen(place);
    this.panBy(at.x - now.x, at.y - now.y);
  }

  // A box of the photo fills much of the screen.
  zoomTo({ x0, y0, x1, y1 }, share = 0.5) {
    const { width, height } = this.size;
    const scale = share * Math.min(width / (x1 - x0), height / (y1 - y0));
    this.zoom = scale / this.fitted;
    this.centre = { x: (x0 + x1) / 2 / this.photo.width, y: (y0 + y1) / 2 / this.photo.height };
    this.#settle();
  }

  #settle() {
    this.zoom = clamp(this.zoom, 1, Math.max(1, LARGEST / this.fitted));
    const middle = (size, photo) => (photo * this.scale <= size ? [0.5, 0.5] : [0, 1]);
    this.centre.x = clamp(this.centre.x, ...middle(this.size.width, this.photo.width));
    this.centre.y = clamp(this.centre.y, ...middle(this.size.height, this.photo.height));
  }
}
