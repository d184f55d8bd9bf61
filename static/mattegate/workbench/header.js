// The line above: which frame this is, and how the day stands.
import { at, element } from "../dom.js";

const bold = (words) => element("b", {}, words);
const count = (number) => number.toLocaleString("en");

// empty: what is said where there is no frame.
export function frame(item, empty) {
  for (const id of ["batch", "waiting"]) at(id).hidden = !item;
  at("name").textContent = item ? `${item.code} · ${item.view}` : "Workbench";
  document.title = `${item ? `${item.code} ${item.view}` : empty} · Mattegate`;
  if (!item) return;
  at("batch").replaceChildren("batch ", bold(item.batch));
  at("waiting").replaceChildren("waiting ", bold(item.waiting));
}

export function day({ left, today: { processed, sentToReview } }) {
  at("left").textContent = count(left);
  at("week").hidden = sentToReview === null;
  if (sentToReview === null) return;
  const share = `${(100 * sentToReview).toFixed(1)} %`;
  at("week").replaceChildren("sent to review this week ", bold(share), ` of ${count(processed)} processed`);
}

export function inWords({ code, view, chips, held }) {
  const why = chips.map(({ words }) => words).join(", ") || "nothing in particular";
  return `${code} ${view}: ${why}.${held ? ` ${held.words}` : ""}`;
}
