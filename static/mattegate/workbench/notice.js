// What is said to whoever works here, and how long it stands.
import { at } from "../dom.js";

const notice = at("said");
const MILLISECONDS = { "": 6000, bad: 12_000 };
let hush = 0;

export function say(words, tone = "") {
  clearTimeout(hush);
  notice.textContent = words;
  notice.dataset.tone = tone;
  hush = setTimeout(() => (notice.textContent = ""), MILLISECONDS[tone]);
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
