// What the server asked or refused, with what can be done about it on the spot. Rows stay while their subject does: one
// may be typing in them.
import { at, button, element } from "./dom.js";
import { withEnding, withView } from "./names.js";

const rows = new WeakMap();

function place(list, wanted) {
  const kept = new Set(wanted);
  for (const row of [...list.children]) {
    if (kept.has(row)) continue;
    handOn(row);
    row.remove();
  }
  for (const [index, row] of wanted.entries()) {
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
  }
}

// Whoever answers by keys goes on with the next row, not at the page's top. A question itself is focused, none of its
// answers: a key that is held down must not answer it.
function handOn(row) {
  if (!row.contains(document.activeElement)) return;
  const next = row.nextElementSibling ?? row.previousElementSibling;
  (next?.querySelector(":scope.mg-misnamed input") ?? next ?? at("summary")).focus();
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
  const heading = element("p", {}, element("b", {}, entry.name), `${origin(entry)}: ${words}`);
  const acts = element("div", { class: "mg-acts" }, ...answers, leaveOut);
  return element("li", { tabindex: -1 }, heading, compared(told), acts, rename(entry, sender));
}

// The photo that is sent beside those that are there.
function compared({ entry, pictures }) {
  const shown = pictureOf(entry.file);
  shown.addEventListener("error", () => shown.replaceWith(noPicture("Your browser can’t show this kind of file.")));
  const there = pictures.map(({ name, address }) =>
    figure(address ? element("img", { src: address, alt: "" }) : noPicture("Not worked on yet."), `There: ${name}`),
  );
  return element("div", { class: "mg-compared" }, figure(shown, "Your file"), ...there);
}

// Lazy: of hundreds of large files only those in sight are decoded.
function pictureOf(file) {
  const shown = element("img", { alt: "", loading: "lazy", decoding: "async" });
  const address = URL.createObjectURL(file);
  for (const done of ["load", "error"]) shown.addEventListener(done, () => URL.revokeObjectURL(address));
  shown.src = address;
  return shown;
}

const noPicture = (words) => element("span", { class: "mg-soft" }, words);

function figure(picture, words) {
  return element("figure", {}, element("span", { class: "mg-picture" }, picture), element("figcaption", {}, words));
}

// Which file of two alike is meant: where it lies in the folder that was chosen, and its name before it was mended.
function origin({ file, name }) {
  const path = file.webkitRelativePath.split("/").slice(1).join("/") || file.name;
  return path === name ? "" : ` (your file ${path})`;
}

/** What is wrong, once for all files that it is wrong with. */
export function showRejections(list, rejected, sender, views) {
  const groups = grouped(rejected);
  const shown = new Map([...list.children].map((item) => [item.dataset.words, item]));
  const wanted = [...groups].map(([words, alike]) => {
    const item = shown.get(words) ?? group(words);
    const count = `${alike.length.toLocaleString()} ${alike.length === 1 ? "file" : "files"}`;
    item.querySelector("b").textContent = count;
    place(
      item.querySelector("ul"),
      alike.map((told) => rowOf(told, () => rejection(told, sender, views))),
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
  return element("li", { class: "mg-alike", "data-words": words, tabindex: -1 }, heading, element("ul"));
}

function rejection({ entry, isMisnamed }, sender, views) {
  const leave = () => sender.leaveOut(entry);
  const out = button({ class: "mg-button", "aria-label": `Leave out ${entry.name}`, onclick: leave }, "Leave out");
  if (!isMisnamed) return element("li", { class: "mg-refused", tabindex: -1 }, entry.name, out);
  const form = rename(entry, sender);
  form.append(out);
  form.querySelector("input").after(viewButtons(form, entry, views));
  const thumbnail = pictureOf(entry.file);
  thumbnail.addEventListener("error", () => thumbnail.removeAttribute("src"));
  return element("li", { class: "mg-misnamed" }, element("span", { class: "mg-picture" }, thumbnail), form);
}

// One looks at the thumbnail and says which view it is; the product code is left to be typed.
function viewButtons(form, { name }, views) {
  const choose = (number) => () => {
    const input = form.querySelector("input");
    input.value = withView(input.value, number);
    input.setCustomValidity("");
    input.focus();
  };
  const buttons = views.map((view, index) => button({ class: "mg-button", onclick: choose(index + 1) }, view));
  return element("span", { class: "mg-views", role: "group", "aria-label": `View of ${name}` }, ...buttons);
}

function rename(entry, sender) {
  const label = `New name of ${entry.name}`;
  const input = element("input", { class: "mg-input", value: entry.name, "aria-label": label, required: true });
  input.addEventListener("input", () => input.setCustomValidity(""));
  const send = (event) => {
    event.preventDefault();
    const name = withEnding(input.value.trim(), entry.file.name);
    input.setCustomValidity(sender.whatIsWrong(name));
    if (input.reportValidity()) sender.resend(entry, { name, meant: [], about: [] });
  };
  const submit = element("button", { class: "mg-button" }, "Rename and send");
  return element("form", { class: "mg-rename", onsubmit: send }, input, submit);
}
