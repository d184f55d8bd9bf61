// What stands beside the picture: why it is here, what could be published instead, its siblings, the line.
import { button, drawn, element } from "../dom.js";
import { refill } from "./focus.js";
import { Unreachable } from "./server.js";

const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const section = (title, ...children) => element("section", {}, element("h2", {}, title), ...children);
const image = (source, words = "") => element("img", { src: source, alt: words, draggable: "false" });

function chip(told, look) {
  const words = capitalised(told.words);
  if (!told.place && !["bridge", "rename"].includes(told.tool)) return element("p", { class: "wb-chip" }, words);
  const act = element("em", {}, told.tool === "rename" ? "correct it" : "show");
  return button({ class: "wb-chip", onclick: () => look(told) }, element("span", {}, words), act);
}

function score({ confidence, threshold, publish }) {
  const words = `${publish ? "published" : "sent to review"}; published from ${threshold.toFixed(2)}`;
  return section("Score", element("p", { class: "wb-score" }, element("b", {}, confidence.toFixed(2)), ` ${words}`));
}

// The likeliest first; among them the matte as it is. What comes later stands behind: a number keeps its meaning.
export function choices(item) {
  if (!item.pictures.cutout) return [];
  const best = item.alternatives.filter((other) => other.isBest);
  const own = { rung: "", words: "as it is", cutout: item.pictures.cutout, isOwn: true, isBest: !best.length };
  const ranked = [...best, own, ...item.alternatives.filter((other) => !other.isBest)];
  const before = item.numbered ?? [];
  const number = ({ rung }) => (before.includes(rung) ? before.indexOf(rung) : before.length);
  const shown = ranked.sort((one, other) => number(one) - number(other)).slice(0, 9);
  item.numbered = shown.map(({ rung }) => rung);
  return shown;
}

function choice(other, index, pick) {
  const caption = element(
    "span",
    { class: "wb-caption" },
    element("kbd", {}, String(index + 1)),
    element("span", {}, other.words),
    other.isBest && element("b", {}, "best guess"),
  );
  const picture = element("span", { class: "wb-pic" }, image(other.cutout));
  return button({ class: "wb-choice", "data-rung": other.rung, onclick: () => pick(index) }, picture, caption);
}

function sibling({ thumb, view }) {
  return element("li", {}, thumb ? image(thumb) : element("span", { class: "wb-pic" }), element("span", {}, view));
}

// The profile that the bridge was read from, and the estimates of it.
function profile({ profile: shares, first, last }, estimates) {
  const width = last - first;
  const said = estimates.map(({ x }) => `${Math.round(x)} px`).join(" or ");
  const curve = shares.map((share, index) => `L${(index * width) / (shares.length - 1)} ${1 - share}`).join("");
  const chart = drawn("svg", {
    class: "wb-profile",
    viewBox: `0 0 ${width} 1`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": `How much of each column is product; the bridge may be at ${said}`,
  });
  chart.append(drawn("path", { d: `M0 1${curve}L${width} 1Z` }));
  for (const { x } of estimates) chart.append(drawn("line", { x1: x - first, x2: x - first, y1: 0, y2: 1 }));
  return chart;
}

function bridgeSection(bridge, actions) {
  const act = bridge.x === null ? "Place the bridge" : "Move the bridge";
  return section(
    "Bridge",
    bridge.evidence && profile(bridge.evidence, bridge.estimates),
    element("p", { class: "wb-soft", id: "bridge-said" }, bridgeWords(bridge)),
    button({ class: "wb-button", onclick: actions.bridge }, act, element("kbd", {}, "W")),
  );
}

export function bridgeWords({ x, placedBy, doubt }) {
  if (x === null) return "No bridge was found; without one there is no half-glass picture.";
  if (placedBy) return `Placed by ${placedBy}.`;
  return doubt ? `In doubt: ${doubt}.` : "Drag the line to move it, or use the arrow keys.";
}

export function movedWords(shift) {
  if (shift === null) return "Placed by you.";
  return `Moved by you: ${shift < 0 ? "−" : "+"}${Math.abs(shift)} px.`;
}

// What came behind those that were known.
export function moreWords(item, known) {
  const more = choices(item).slice(known);
  const words = more.map((other, index) => `${known + index + 1} ${other.words}`);
  return more.length ? `More to choose from: ${words.join(", ")}` : "No more to choose from";
}

export function showPanel(panel, item, actions) {
  const isAnother = panel.dataset.frame !== String(item.id);
  const top = isAnother ? 0 : panel.scrollTop;
  panel.dataset.frame = item.id;
  const parts = [
    section(item.hasFailed ? "What went wrong" : "Look here first", ...chips(item, actions.look)),
    item.whyNot && element("p", { class: "wb-why-not" }, item.whyNot),
    choicesSection(item, actions.pick),
    item.bridge && bridgeSection(item.bridge, actions),
    siblingsSection(item.siblings),
    item.score && score(item.score),
    nameSection(item, actions.rename),
    fileSection(item),
  ];
  refill(panel, parts.filter(Boolean), isAnother);
  panel.scrollTop = top;
}

function chips(item, look) {
  if (!item.chips.length) return [element("p", { class: "wb-soft" }, "Nothing in particular")];
  return item.chips.map((told) => chip(told, look));
}

function choicesSection(item, pick) {
  const shown = choices(item).map((other, index) => choice(other, index, pick));
  const more = item.areMoreComing && element("p", { class: "wb-soft" }, "More to choose from in a moment…");
  if (shown.length < 2 && !more) return null;
  return section("Better already? Choose, don’t paint", element("div", { class: "wb-choices" }, ...shown), more);
}

function siblingsSection(siblings) {
  if (!siblings.length) return null;
  return section("Same product", element("ul", { class: "wb-siblings" }, ...siblings.map(sibling)));
}

// What the photo is taken for; the file's own name stays as what was sent.
function nameSection({ code, view, productClass }, rename) {
  const words = element("p", { class: "wb-file" }, element("b", {}, code), `, ${view}, ${productClass}`);
  const named = { class: "wb-button", "aria-haspopup": "dialog", onclick: rename };
  return section("Name", words, rename && button(named, "It is something else", element("kbd", {}, "N")));
}

function fileSection({ file, history }) {
  const link = history && element("a", { href: history }, "History of this frame");
  return section("File", element("p", { class: "wb-file" }, file), link);
}

export function markChosen(panel, rung) {
  for (const other of panel.querySelectorAll(".wb-choice")) other.ariaPressed = String(other.dataset.rung === rung);
}

function railItem({ id, code, view, thumb }, isCurrent, open) {
  const words = `${code} ${view}`;
  const content = [thumb ? image(thumb) : element("span", { class: "wb-pic" }), element("i", {}, view)];
  const named = { title: words, "aria-label": words, "aria-current": isCurrent && "true" };
  return button({ class: "wb-next", ...named, onclick: () => open(id) }, ...content);
}

export function showRail(rail, item, next, open) {
  const { id, code, view, pictures } = item;
  const own = { id, code, view, thumb: pictures.photo?.replace("preview.webp", "thumb.webp") };
  const others = next.filter((other) => other.id !== id);
  refill(rail, [railItem(own, true, () => {}), ...others.map((other) => railItem(other, false, open))]);
}

export function showToday(list, { byMe, byAll, published, processed, sentToReview }) {
  const share = `${(100 * sentToReview).toFixed(1)} % of ${processed.toLocaleString("en")} processed`;
  const week = sentToReview === null ? "–" : share;
  const row = (words, value) =>
    element("div", {}, element("dt", {}, words), element("dd", {}, value.toLocaleString("en")));
  list.replaceChildren(
    row("reviewed by you today", byMe),
    row("reviewed by all today", byAll),
    row("published unseen today", published),
    row("sent to review this week", week),
  );
}

// "All clear" is said only where nothing waits in others' hands either.
export function showEmpty(section, { elsewhere }, failure) {
  const [heading, words] = section.querySelectorAll("h2, p");
  section.querySelector('[data-key="t"]').hidden = !failure;
  if (failure) return showFailure(heading, words, failure);
  const are = elsewhere === 1 ? "is" : "are";
  heading.textContent = elsewhere ? `All clear, but ${elsewhere} ${are} in others’ hands` : "All clear";
  const those = elsewhere ? "Whoever looks at them now decides them, or lets them go. " : "";
  words.textContent = `Nothing waits for you. ${those}This page fills by itself when something does.`;
}

function showFailure(heading, words, failure) {
  const isGone = failure instanceof Unreachable;
  heading.textContent = isGone ? "The server can’t be reached." : "The next photo could not be loaded.";
  words.textContent = `${failure.message} This page asks again by itself, too.`;
}
