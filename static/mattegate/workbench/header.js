// The line above: which frame this is, how long it is held, and how the day stands.
import { at, element } from "../dom.js";

const bold = (words) => element("b", {}, words);
const count = (number) => number.toLocaleString("en");
let shownAt = Date.now();

export function frame(item) {
  shownAt = Date.now();
  for (const id of ["batch", "waiting", "held"]) at(id).hidden = !item;
  at("name").textContent = item ? `${item.code} · ${item.view}` : "Workbench";
  document.title = `${item ? `${item.code} ${item.view}` : "All clear"} · Mattegate`;
  if (!item) return;
  at("batch").replaceChildren("batch ", bold(item.batch));
  at("waiting").replaceChildren("waiting ", bold(item.waiting));
  held();
}

export function held() {
  const seconds = Math.floor((Date.now() - shownAt) / 1000);
  at("held").replaceChildren("held ", bold(`${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`));
}

export function day({ left, today: { processed, sentToReview } }) {
  at("left").textContent = count(left);
  at("week").hidden = sentToReview === null;
  if (sentToReview === null) return;
  const share = `${(100 * sentToReview).toFixed(1)} %`;
  at("week").replaceChildren("sent to review this week ", bold(share), ` of ${count(processed)} processed`);
}
