// What stands beside the picture: why it is here, what could be published instead, its siblings, the line.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const button = (attributes, ...children) => element("button", { type: "button", ...attributes }, ...children);
const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const section = (title, ...children) => element("section", {}, element("h2", {}, title), ...children);
const image = (source, words = "") => element("img", { src: source, alt: words, draggable: "false" });

function chip(told, look) {
  const words = capitalised(told.words);
  if (!told.place && told.tool !== "bridge") return element("p", { class: "wb-chip" }, words);
  return button({ class: "wb-chip", onclick: () => look(told) }, element("span", {}, words), element("em", {}, "show"));
}

function score({ confidence, threshold, publish }) {
  const words = `${publish ? "published" : "held"}; published from ${threshold.toFixed(2)}`;
  return section("Score", element("p", { class: "wb-score" }, element("b", {}, confidence.toFixed(2)), ` ${words}`));
}

// The likeliest first; among them the matte as it is.
export function choices(item) {
  if (!item.pictures.cutout) return [];
  const own = { rung: "", words: "as it is", cutout: item.pictures.cutout, isOwn: true };
  const best = item.alternatives.filter((other) => other.isBest);
  return [...best, own, ...item.alternatives.filter((other) => !other.isBest)].slice(0, 9);
}

function choice(other, index, pick) {
  const isBest = other.isBest || (other.isOwn && index === 0);
  const caption = [element("kbd", {}, String(index + 1)), element("span", {}, other.words), isBest && element("b", {}, "best guess")];
  const picture = element("span", { class: "wb-pic" }, image(other.cutout));
  return button({ class: "wb-choice", "data-rung": other.rung, onclick: () => pick(index) }, picture, element("span", { class: "wb-caption" }, ...caption));
}

function sibling({ thumb, view }) {
  return element("li", {}, thumb ? image(thumb) : element("span", { class: "wb-pic" }), element("span", {}, view));
}

const SVG = "http://www.w3.org/2000/svg";

function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// The profile that the bridge was read from, and both estimates of it: gap and valley.
function profile({ profile: shares, first, last, by_gap: gap, by_valley: valley }) {
  const width = last - first;
  const curve = shares.map((share, index) => `L${(index * width) / (shares.length - 1)} ${1 - share}`).join("");
  const chart = drawn("svg", { class: "wb-profile", viewBox: `0 0 ${width} 1`, preserveAspectRatio: "none", role: "img" });
  chart.setAttribute("aria-label", `Profile of the cut-out. Bridge by gap: ${Math.round(gap)} px, by valley: ${Math.round(valley)} px`);
  chart.append(drawn("path", { d: `M0 1${curve}L${width} 1Z` }));
  for (const x of [gap - first, valley - first]) chart.append(drawn("line", { x1: x, x2: x, y1: 0, y2: 1 }));
  return chart;
}

function bridgeSection(bridge, actions) {
  const said = bridge.placedBy ? `Placed by ${bridge.placedBy}.` : bridge.doubt ? `In doubt: ${bridge.doubt}.` : "";
  const none = "No bridge was found; without one there is no half-glass picture.";
  return section(
    "Bridge",
    bridge.evidence && profile(bridge.evidence),
    element("p", { class: "wb-soft", id: "bridge-said" }, bridge.x === null ? none : said || "Drag the line to move it."),
    button({ class: "wb-button", onclick: actions.bridge }, bridge.x === null ? "Place the bridge" : "Move the bridge", element("kbd", {}, "W")),
  );
}

export function showPanel(panel, item, actions) {
  const shown = choices(item);
  const parts = [
    section(item.hasFailed ? "What went wrong" : "Look here first", ...chips(item, actions.look)),
    item.whyNot && element("p", { class: "wb-why-not" }, item.whyNot),
    shown.length > 1 && section("Better already? Choose, don’t paint", element("div", { class: "wb-choices" }, ...shown.map((other, index) => choice(other, index, actions.pick)))),
    item.bridge && bridgeSection(item.bridge, actions),
    item.siblings.length > 0 && section("Same product", element("ul", { class: "wb-siblings" }, ...item.siblings.map(sibling))),
    item.score && score(item.score),
    section("File", element("p", { class: "wb-file" }, item.file), item.history && element("a", { href: item.history }, "History of this frame")),
  ];
  panel.replaceChildren(...parts.filter(Boolean));
  panel.scrollTop = 0;
}

function chips(item, look) {
  return item.chips.length ? item.chips.map((told) => chip(told, look)) : [element("p", { class: "wb-soft" }, "Nothing in particular")];
}

export function markChosen(panel, rung) {
  for (const other of panel.querySelectorAll(".wb-choice")) other.ariaPressed = String(other.dataset.rung === rung);
}

function railItem({ id, code, view, thumb }, isCurrent, open) {
  const words = `${code} ${view}`;
  const content = [thumb ? image(thumb) : element("span", { class: "wb-pic" }), element("i", {}, view)];
  return button({ class: "wb-next", title: words, "aria-label": words, "aria-current": isCurrent && "true", onclick: () => open(id) }, ...content);
}

export function showRail(rail, item, next, open) {
  const { id, code, view, pictures } = item;
  const own = { id, code, view, thumb: pictures.photo?.replace("preview.webp", "thumb.webp") };
  const others = next.filter((other) => other.id !== id);
  rail.replaceChildren(railItem(own, true, () => {}), ...others.map((other) => railItem(other, false, open)));
}

export function showToday(list, { byMe, byAll, published, processed, reviewRate }) {
  const rows = [
    ["decided by you today", byMe],
    ["decided by all today", byAll],
    ["published today", published],
    ["reviewed this week", reviewRate === null ? "–" : `${(100 * reviewRate).toFixed(1)} % of ${processed.toLocaleString("en")}`],
  ];
  list.replaceChildren(...rows.map(([words, value]) => element("div", {}, element("dt", {}, words), element("dd", {}, value.toLocaleString("en")))));
}

const PER_KB = 1000;

export function showFiles(list, files) {
  const figure = ({ url, variant, extension, size }) => {
    const caption = [element("b", {}, variant), ` ${extension.toUpperCase()}, ${Math.round(size / PER_KB)} kB`];
    return element("figure", { "data-variant": variant }, element("a", { href: url, target: "_blank" }, image(url, `${variant} ${extension}`)), element("figcaption", {}, ...caption));
  };
  list.replaceChildren(...files.map(figure));
}
