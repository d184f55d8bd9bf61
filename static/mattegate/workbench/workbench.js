// The workbench: one frame after the other, by keys alone.
import { Editor } from "./editor.js";
import * as header from "./header.js";
import { Keys } from "./keys.js";
import { Line } from "./line.js";
import { button, choices, element, markChosen, showFiles, showPanel, showRail, showToday } from "./panel.js";
import { say, trying } from "./notice.js";
import { BACKDROPS, MODES, Picture } from "./picture.js";
import { Server, picture as load } from "./server.js";

const state = JSON.parse(document.querySelector("#state").textContent);
const at = (id) => document.querySelector(`#${id}`);
const server = new Server(state.urls);
const keys = new Keys();
let rail = state.line.rail;
let isBusy = false;

// --- the picture ----------------------------------------------------------------------------------

const picture = new Picture(at("view"), {
  view: () => (at("zoom").textContent = `${Math.round(100 * picture.zoom)} %`),
  edit: () => {
    editor.show();
    markChosen(at("panel"), picture.edit.chosen?.rung ?? "");
  },
  bridge: () => {
    const said = document.querySelector("#bridge-said");
    if (said && picture.bridge.isMoved) said.textContent = movedWords();
  },
  click: (stroke) => editor.click(stroke),
  detail: () => trying(sharpen),
});

const editor = new Editor(picture, server, { say, mode: setMode, save: () => trying(save), frameId: () => line.current?.item.id });

function movedWords() {
  const { bridge, x } = picture.bridge;
  if (bridge.found === null) return "Placed by you.";
  const pixels = Math.round(x - bridge.found);
  return `Moved by you: ${pixels < 0 ? "−" : "+"}${Math.abs(pixels)} px.`;
}

// The photo and the matte at full size, once the screen can show more than the preview has.
async function sharpen() {
  const { frame, item } = line.current;
  const { chosen } = picture.edit;
  if (!frame.full) {
    frame.full = {}; // asked for
    const [photo, mask] = await Promise.all([item.pictures.fullPhoto, item.pictures.mask].map(load));
    frame.full = { photo, mask };
  }
  if (chosen && chosen.full === undefined) {
    chosen.full = null;
    chosen.full = await load(chosen.mask);
  }
  picture.redraw();
}

function setMode(mode) {
  picture.setMode(mode);
  for (const made of at("modes").children) made.ariaPressed = String(made.dataset.mode === mode);
  if (mode === "doubt") lookAt(line.current?.item.chips.find(({ place }) => place));
}

function setBackdrop(name) {
  picture.setBackdrop(name);
  for (const made of at("backdrops").children) made.ariaPressed = String(made.dataset.backdrop === name);
}

function lookAt(told) {
  if (!told?.place) return;
  const [x0, y0, x1, y1] = told.place;
  picture.showPlace({ x0, y0, x1, y1 });
  picture.zoomTo({ x0, y0, x1, y1 });
}

// A reason leads to its place, with what mends it in hand.
function look(told) {
  lookAt(told);
  if (!state.canDecide) return;
  if (told.tool === "bridge") moveBridge();
  else if (told.tool) editor.arm(told.tool);
}

function moveBridge() {
  if (!picture.bridge.bridge) return say("There is no half-glass picture of this one, so there is no bridge to place.");
  editor.arm("bridge");
  if (picture.bridge.x === null) picture.bridge.placeInTheMiddle();
  else picture.bridge.line.focus();
}

function zoomToDoubt() {
  if (picture.viewport.zoom > 1.01) return picture.fit();
  const told = line.current?.item.chips.find(({ place }) => place);
  if (told) lookAt(told);
  else picture.actualSize();
}

function pick(index) {
  const item = line.current?.item;
  const other = item && choices(item)[index];
  if (!other) return;
  if ((picture.edit.chosen?.rung ?? "") === other.rung && !picture.edit.strokes.length) return;
  if (!other.isOwn && !other.image) return say("This alternative’s picture is gone; choose another.", "bad");
  picture.choose(other.isOwn ? { ...other, image: line.current.frame.cutout, mask: item.pictures.mask } : other);
  if (picture.mode === "compare" && picture.split.share > 0.9) setMode("cutout");
}

// --- the line of frames ---------------------------------------------------------------------------

const line = new Line(server, {
  show,
  ready: (entry) => (document.body.dataset.next = entry?.item.id ?? ""),
  line: (now) => {
    rail = now.rail;
    showToday(at("today"), now.today);
    header.day(now);
    if (line.current) showRail(at("rail"), line.current.item, rail, open);
  },
  lost: ({ code, view }, holder) => {
    const taken = holder ? `${holder} has taken over ${code} ${view}` : `${code} ${view} was let go`;
    say(`${taken}: nothing was heard from this page for three minutes.`, "bad");
    if (!isChanged()) trying(() => line.advance());
  },
  refused: (error) => say(error.message, "bad"),
});

const isChanged = () => picture.edit.isChange || picture.bridge.isMoved;

function show(entry) {
  at("work").hidden = at("footer").hidden = !entry;
  at("empty").hidden = Boolean(entry);
  header.frame(entry?.item);
  document.body.dataset.frame = entry?.item.id ?? "";
  if (!entry) return picture.show(null, null);
  const { item, frame } = entry;
  at("none").hidden = Boolean(frame);
  at("none").textContent = frame ? "" : "There is no picture of this one.";
  at("view").ariaLabel = `Photo and cut-out of ${item.code} ${item.view}`;
  picture.show(frame, item.bridge);
  if (picture.mode === "doubt") lookAt(item.chips.find(({ place }) => place));
  document.querySelector('[data-key="a"]').disabled = !item.canApprove || !state.canDecide;
  showPanel(at("panel"), item, { look, pick, bridge: moveBridge });
  showRail(at("rail"), item, rail, open);
  markChosen(at("panel"), "");
  editor.show();
}

// Elsewhere, unless something painted would be lost by it.
async function leave(go) {
  if (isChanged()) say("Save the edit (Enter) or undo it first.");
  else return trying(go);
}

const open = (id) => leave(() => line.open(id));
const back = () => leave(() => line.back());
const forward = () => leave(async () => (await line.forward()) || say("This is the last one."));

// --- what is decided ------------------------------------------------------------------------------

const movedBridge = () => (picture.bridge.isMoved ? picture.bridge.x : null);

// The next frame is there at once; what was painted is saved before it is let go, so that a refusal can't lose it.
async function decide(kind, why = "") {
  if (!line.current || isBusy || !state.canDecide) return;
  const { item } = line.current;
  if (kind === "approve" && !item.canApprove) return say(item.whyNot, "bad");
  if (kind === "approve" && picture.edit.isChange) return trying(saveAndApprove);
  const asked = { kind, why, version: item.version, bridge_x: movedBridge() };
  const answer = trying(() => line.settle(item.id, () => server.ask("decide", item.id, asked)));
  await trying(() => line.advance());
  const told = await answer;
  if (told) say(`${told.said} U takes it back.`);
}

async function saveAndApprove() {
  await save();
  if (!picture.edit.isChange) await decide("approve");
}

async function save() {
  const { current } = line;
  if (!current || !picture.edit.isChange || isBusy) return;
  isBusy = true;
  say("Saving the edit…");
  try {
    const asked = { version: current.item.version, ...picture.edit.toJSON() };
    const { item } = await server.ask("edit", current.item.id, asked);
    const moved = movedBridge();
    show(await line.renew(item));
    if (moved !== null && picture.bridge.bridge) picture.bridge.put(moved);
    say("Saved: this is its cut-out now.");
  } finally {
    isBusy = false;
  }
}

async function skip() {
  if (!line.current || isBusy || !state.canDecide) return;
  const { id } = line.current.item;
  const answer = trying(() => line.settle(id, () => server.ask("skip", id)));
  await trying(() => line.advance());
  const told = await answer;
  if (told) say(told.said);
}

async function undo() {
  if (isBusy || !state.canDecide) return;
  await line.settled();
  const { said, item, line: now } = await server.ask("undo");
  await line.turnTo(item, now);
  say(said);
}

async function showShop() {
  const { current } = line;
  if (!current?.item.pictures.cutout) return say("There is no cut-out, so there is nothing that a shop could show.");
  if (picture.edit.isChange) return say("Save the edit first (Enter); then the files show it.");
  say("Making all files…");
  const { files } = await server.ask("shop", current.item.id, { bridge_x: movedBridge() });
  say("");
  showFiles(at("filelist"), files);
  at("files").showModal();
}

// --- keys and buttons -----------------------------------------------------------------------------

const CUTOUT = "the photo is fine, the cut-out isn’t";

function reject(index) {
  at("reject").close();
  if (index < state.reasons.length) decide("reject", state.reasons[index]);
  else decide("discard");
}

function fillReasons() {
  const row = (words, index) => element("li", {}, button({ class: "wb-reason", onclick: () => reject(index) }, element("kbd", {}, String(index + 1)), words));
  at("reasons").replaceChildren(...[...state.reasons, CUTOUT].map(row));
  at("reject").addEventListener("keydown", ({ key }) => {
    if (key >= "1" && key <= String(state.reasons.length + 1)) reject(Number(key) - 1);
  });
}

function fillGroup(group, names, attribute, act) {
  const made = (name) => button({ class: "wb-tool", [`data-${attribute}`]: name, title: name, "aria-pressed": "false", onclick: () => act(name) }, name);
  group.replaceChildren(...names.map(made));
}

const cycle = (names, now) => names[(names.indexOf(now) + 1) % names.length];
const ask = (dialog) => line.current && state.canDecide && at(dialog).showModal();

function bindKeys() {
  keys.set("a", "approve", () => decide("approve"), { label: "A" });
  keys.set("x", "reject, with a reason by number", () => ask("reject"), { label: "X" });
  keys.set("r", "reprocess", () => decide("reprocess"), { label: "R" });
  keys.set("s", "skip", () => skip(), { label: "S" });
  keys.set("u", "undo the last decision", () => leave(undo), { label: "U" });
  keys.set("ArrowRight", "look at the next one", forward, { label: "→" });
  keys.set("ArrowLeft", "back to the one before", back, { label: "←" });
  for (let number = 1; number <= 9; number++) {
    keys.set(String(number), number === 1 ? "choose among the alternatives" : "", () => pick(number - 1), { label: "1–9" });
  }
  keys.set(" ", "compare: the photo while it is held", () => picture.flicker(true), { label: "Space", up: () => picture.flicker(false) });
  keys.set("z", "zoom to the doubt, and back", zoomToDoubt, { label: "Z" });
  keys.set("+", "zoom in", () => picture.zoomAt(1.4), { repeats: true });
  keys.set("-", "zoom out", () => picture.zoomAt(1 / 1.4), { repeats: true });
  keys.set("b", "next backdrop", () => setBackdrop(cycle(BACKDROPS, at("view").dataset.backdrop)), { label: "B" });
  keys.set("m", "next view", () => setMode(cycle(MODES, picture.mode)), { label: "M" });
  keys.set("w", "move the bridge", moveBridge, { label: "W" });
  keys.set("v", "as in the shop: all files", () => trying(showShop), { label: "V" });
  keys.set("?", "this list", () => at("keys").showModal());
}

function bindButtons() {
  for (const made of document.querySelectorAll("[data-key]")) made.addEventListener("click", () => keys.press(made.dataset.key));
  at("zoom").addEventListener("click", zoomToDoubt);
  at("shop").addEventListener("click", () => trying(showShop));
  if (state.canDecide) return;
  for (const made of document.querySelectorAll('.wb-footer [data-key]:not([data-key="?"]), #edit')) made.disabled = true;
}

fillGroup(at("modes"), MODES, "mode", setMode);
fillGroup(at("backdrops"), BACKDROPS, "backdrop", setBackdrop);
fillReasons();
bindKeys();
editor.bind(keys);
bindButtons();
setMode("compare");
setBackdrop("checker");
at("keylist").replaceChildren(...keys.list.map(([label, words]) => element("div", {}, element("dt", {}, element("kbd", {}, label)), element("dd", {}, words))));
setInterval(header.held, 1000);
if (state.lost) say(state.lost, "bad");
line.start(state.item, state.line);
