// What is said to whoever works here, and how long it stands.
import { at } from "../dom.js";

export const STILL_SAVING = "Your edit is still being saved; nothing was done.";

const notice = at("said");
const MILLISECONDS = { "": 6000, bad: 12_000 };
const LEAST = 3000;
let hush = 0;
let badUntil = 0;

// Bad news is there to be read: good news that comes right behind it waits.
export function say(words, tone = "") {
  clearTimeout(hush);
  const wait = tone ? 0 : badUntil - Date.now();
  if (wait > 0) {
    hush = setTimeout(() => say(words), wait);
    return;
  }
  if (tone) badUntil = Date.now() + LEAST;
  notice.textContent = words;
  notice.dataset.tone = tone;
  hush = setTimeout(() => (notice.textContent = ""), MILLISECONDS[tone]);
}

// For those who don't see it; what was said last isn't said again.
export function announce(words) {
  if (at("announced").textContent !== words) at("announced").textContent = words;
}

// Whatever is refused is said, and nothing else happens.
export async function trying(work) {
  try {
    return await work();
  } catch (error) {
    say(error.message, "bad");
    return null;
  }
}
