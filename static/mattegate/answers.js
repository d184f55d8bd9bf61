// What the server asked or refused, with what can be done about it on the spot. Rows stay while their subject does: one
// may be typing in them.
import { button, element } from "./dom.js";

const rows = new WeakMap();

function place(list, wanted) {
  const kept = new Set(wanted);
  for (const row of [...list.children]) if (!kept.has(row)) row.remove();
  for (const [index, row] of wanted.entries()) {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  }
}

function rowOf(told, make) {
  if (!rows.has(told)) rows.set(told, make(told));
  return rows.get(told);
}

/** Each question with its answers. */
export function showQuestions(list, held, sender) {
  place(
    list,
    held.map((told) => rowOf(told, () => question(told, sender))),
  );
}

function question(told, sender) {
  const { entry, words, choices, otherwise } = told;
  const about = [...entry.about, ...told.about];
  const answers = choices.map((choice) => {
    const meant = [...entry.meant, choice.meant];
    return button({ class: "mg-button", onclick: () => sender.resend(entry, { meant, about }) }, choice.words);
  });
  const leaveOut = button({ class: "mg-button", onclick: () => sender.leaveOut(entry) }, otherwise);
  const heading = element("p", {}, element("b", {}, entry.name), `: ${words}`);
  return element("li", {}, heading, element("div", { class: "mg-acts" }, ...answers, leaveOut), rename(entry, sender));
}

/** What is wrong, once for all files that it is wrong with. */
export function showRejections(list, rejected, sender) {
  const groups = grouped(rejected);
  const shown = new Map([...list.children].map((item) => [item.dataset.words, item]));
  const wanted = [...groups].map(([words, alike]) => {
    const item = shown.get(words) ?? group(words);
    const count = `${alike.length.toLocaleString()} ${alike.length === 1 ? "file" : "files"}`;
    item.querySelector("b").textContent = count;
    place(
      item.querySelector("ul"),
      alike.map((told) => rowOf(told, () => rejection(told, sender))),
    );
    return item;
  });
  place(list, wanted);
}

function grouped(rejected) {
  const groups = new Map();
  for (const told of rejected) groups.set(told.words, [...(groups.get(told.words) ?? []), told]);
  return groups;
}

function group(words) {
  const heading = element("p", {}, element("b"), `: ${words}`);
  return element("li", { class: "mg-alike", "data-words": words }, heading, element("ul"));
}

function rejection({ entry, isMisnamed }, sender) {
  return element("li", {}, isMisnamed ? rename(entry, sender) : entry.name);
}

function rename(entry, sender) {
  const label = `New name of ${entry.name}`;
  const input = element("input", { class: "mg-input", value: entry.name, "aria-label": label, required: true });
  const send = (event) => {
    event.preventDefault();
    sender.resend(entry, { name: input.value.trim(), meant: [], about: [] });
  };
  const submit = element("button", { class: "mg-button" }, "Rename and send");
  return element("form", { class: "mg-rename", onsubmit: send }, input, submit);
}
