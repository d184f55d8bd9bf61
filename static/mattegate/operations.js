// The operations page asks again and again; what it can't be told any more, because nobody answers, it says itself.
import { at } from "./dom.js";

const say = (isAnswered) => {
  at("no-answer").hidden = isAnswered;
};

for (const failed of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.body.addEventListener(failed, () => say(false));
}
document.body.addEventListener("htmx:afterSwap", () => say(true));
