// What is asked of the server. A refusal comes in words that can be shown as they are.
import { csrfToken, isJson } from "../dom.js";

// Browsers carry a little to its end when the page is left: a decision, not a painting.
const OUTLIVES_THE_PAGE = 10_000;

export class Refusal extends Error {
  // Who has the frame in hand, where that is why.
  holder = "";
}

export class Server {
  constructor(urls) {
    this.urls = urls;
  }

  async ask(name, id = 0, data = {}) {
    const url = this.urls[name].replace("/0/", `/${id}/`);
    const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
    const body = JSON.stringify(data);
    const answer = await this.#send(url, { method: "POST", headers, body, keepalive: body.length < OUTLIVES_THE_PAGE });
    if (answer.redirected) throw new Refusal("You were signed out. Sign in again in another tab, then repeat this.");
    if (answer.status === 403) throw new Refusal("Your role may not do this; ask an admin.");
    if (!isJson(answer)) {
      throw new Refusal(`The server could not do this (${answer.status}); try again, or tell an admin.`);
    }
    const told = await answer.json();
    if (!answer.ok) throw Object.assign(new Refusal(told.detail), { holder: told.holder ?? "" });
    return told;
  }

  async #send(url, options) {
    try {
      return await fetch(url, options);
    } catch {
      throw new Refusal("The server does not answer; nothing was changed. Try again in a moment.");
    }
  }
}

// A picture, ready to be drawn; null for one that was never made, or is gone.
export async function picture(url) {
  if (!url) return null;
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
