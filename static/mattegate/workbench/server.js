// What is asked of the server. A refusal comes in words that can be shown as they are.
import { csrfToken, isJson } from "../dom.js";
import { Storage } from "../storage.js";

// Browsers carry a little to its end when the page is left: a decision, not a painting.
const OUTLIVES_THE_PAGE = 10_000;
const PAUSE = 500; // before a picture that did not come is asked for again

const LEFT = "mattegate.left";
const kept = new Storage("sessionStorage");

export class Refusal extends Error {}

export class Unreachable extends Refusal {}

export class Server {
  // Frames are held by a page, not by a person.
  constructor(urls, page) {
    Object.assign(this, { urls, page });
  }

  async ask(name, id = 0, data = {}) {
    const url = this.urls[name].replace("/0/", `/${id}/`);
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    const body = JSON.stringify({ page: this.page, ...data });
    const answer = await this.#send(url, { method: "POST", headers, body, keepalive: body.length < OUTLIVES_THE_PAGE });
    if (answer.redirected) throw new Refusal("You were signed out. Sign in again in another tab, then repeat this.");
    if (answer.status === 403) throw new Refusal("Your role may not do this; ask an admin.");
    if (!isJson(answer)) {
      throw new Refusal(`The server could not do this (${answer.status}); try again, or tell an admin.`);
    }
    const told = await answer.json();
    if (!answer.ok) throw new Refusal(told.detail);
    return told;
  }

  // Let go of what this page holds: a beacon arrives though the page is gone, but has no headers.
  leave() {
    const form = new FormData();
    form.set("csrfmiddlewaretoken", csrfToken());
    form.set("page", this.page);
    navigator.sendBeacon(this.urls.leave, form);
    kept.set(LEFT, this.page);
  }

  // The page that this one takes the place of, as when it is reloaded: its beacon may still be on its way.
  takeLeft() {
    const page = kept.get(LEFT) ?? "";
    kept.remove(LEFT);
    return page;
  }

  async #send(url, options) {
    try {
      return await fetch(url, options);
    } catch {
      throw new Unreachable("The server can’t be reached. Try again in a moment.");
    }
  }
}

// A picture, ready to be drawn; null for one that was never made, or doesn't come though it is asked for twice.
export async function picture(url) {
  if (!url) return null;
  const image = await decoded(url);
  if (image) return image;
  await new Promise((done) => setTimeout(done, PAUSE));
  return decoded(url);
}

async function decoded(url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
    return image;
  } catch {
    return null;
  }
}

export async function maskFrom(base64) {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return createImageBitmap(new Blob([bytes], { type: "image/png" }));
}
