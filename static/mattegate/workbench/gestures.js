// What hands do to the picture: wheel and pinch zoom, drags pan, compare or paint.
const CLICK_REACH = 6;
const STEP = 0.5; // CSS pixels between two points of a stroke

export class Gestures {
  #touches = new Map();
  #pinched = false;
  #pressed = null;

  // The picture says what a drag means, by `drags(event)`: an object with move, end and cancel.
  constructor(host, picture) {
    this.host = host;
    this.picture = picture;
    host.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    host.addEventListener("pointerdown", (event) => this.#down(event));
    host.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) host.addEventListener(name, (event) => this.#up(event));
    host.addEventListener("contextmenu", (event) => event.preventDefault());
    // Or else a fast pull would drag the page's own pictures, as files.
    host.addEventListener("dragstart", (event) => event.preventDefault());
  }

  at(event) {
    const box = this.host.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #wheel(event) {
    event.preventDefault();
    const speed = event.ctrlKey ? 0.01 : 0.0016;
    this.picture.zoomAt(Math.exp(-event.deltaY * (event.deltaMode ? 33 : 1) * speed), this.at(event));
  }

  #down(event) {
    if (event.target.closest("[role=slider]")) return;
    this.host.setPointerCapture(event.pointerId);
    this.#touches.set(event.pointerId, this.at(event));
    if (this.#touches.size === 1) {
      this.#pinched = false;
      this.#pressed = { from: this.at(event), drag: this.picture.drags(event) };
    } else {
      this.#pinched = true;
      this.#pressed?.drag.cancel();
      this.#pressed = null;
    }
  }

  #move(event) {
    if (!this.#touches.has(event.pointerId)) return this.picture.hover(this.at(event));
    if (this.#pinched) return this.#pinch(event);
    if (!this.#pressed) return;
    const events = event.getCoalescedEvents?.() ?? [];
    this.#pressed.drag.move((events.length ? events : [event]).map((one) => this.at(one)));
    this.#touches.set(event.pointerId, this.at(event));
  }

  #pinch(event) {
    const before = this.#span();
    this.#touches.set(event.pointerId, this.at(event));
    const after = this.#span();
    this.picture.panBy(after.middle.x - before.middle.x, after.middle.y - before.middle.y);
    this.picture.zoomAt(after.length / before.length, after.middle);
  }

  #span() {
    const [one, other = one] = this.#touches.values();
    const length = Math.max(Math.hypot(other.x - one.x, other.y - one.y), 1);
    return { length, middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 } };
  }

  #up(event) {
    if (!this.#touches.delete(event.pointerId) || !this.#pressed) return;
    const { from, drag } = this.#pressed;
    const to = this.at(event);
    this.#pressed = null;
    if (event.type === "pointercancel") drag.cancel();
    else drag.end(to, Math.hypot(to.x - from.x, to.y - from.y) < CLICK_REACH);
  }
}

// A drag that moves the photo.
export function panning(picture, event, at) {
  let last = at(event);
  return {
    move: (points) => {
      const now = points.at(-1);
      picture.panBy(now.x - last.x, now.y - last.y);
      last = now;
    },
    end: (to, isClick) => isClick && event.button === 0 && picture.clicked(to),
    cancel: () => {},
  };
}

// A drag that paints: each new stretch is drawn at once, the stroke is kept at the end.
export function painting(picture, stroke, start) {
  const points = [start];
  picture.drawStretch(stroke, points);
  return {
    move: (places) => {
      for (const place of places) {
        const point = picture.place(place);
        const last = points.at(-1);
        if (Math.hypot(point[0] - last[0], point[1] - last[1]) * picture.zoom < STEP) continue;
        picture.drawStretch(stroke, [last, point]);
        points.push(point);
      }
      picture.hover(places.at(-1));
    },
    end: () => picture.keep({ ...stroke, points }),
    cancel: () => picture.redraw(),
  };
}

// A press that is a click, if it doesn't move.
export function clicking(picture, stroke, start) {
  return {
    move: (points) => picture.hover(points.at(-1)),
    end: (_, isClick) => isClick && picture.onClick({ ...stroke, points: [start] }),
    cancel: () => {},
  };
}
