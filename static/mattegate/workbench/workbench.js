// The workbench: one frame after the other, by keys alone.
import { at, button, element } from "../dom.js";
import { bindButtons, fillGroup, fillKeylist } from "./buttons.js";
import { Decisions } from "./decisions.js";
import { Editor } from "./editor.js";
import { isFocusLost } from "./focus.js";
import * as header from "./header.js";
import { Keys } from "./keys.js";
import { Line } from "./line.js";
import { BACKDROPS, Looking, MODES } from "./looking.js";
import { announce, say, STILL_SAVING, trying } from "./notice.js";
import { bridgeWords, markChosen, moreWords, movedWords } from "./panel.js";
import { showEmpty, showPanel, showRail, showToday } from "./panel.js";
import { Picture } from "./picture.js";
import { Rejecting } from "./rejecting.js";
import { Renaming } from "./rename.js";
import { Server } from "./server.js";
import { showShop } from "./shop.js";
import { Unsaved } from "./unsaved.js";

const DECIDES = '.wb-footer [data-key]:not([data-key="?"], [data-key="u"]), #edit';
const state = JSON.parse(at("state").textContent);
const server = new Server(state.urls, state.page);
const keys = new Keys();
const nothing = at("empty").querySelector("h2");
let now = state.line;

const picture = new Picture(at("view"), {
  view: () => {
    at("zoom").textContent = `${Math.round(100 * picture.zoom)} %`;
    at("zoom").ariaLabel = `Zoom, ${at("zoom").textContent}`;
  },
  edit: () => {
    editor.show();
    markChosen(at("panel"), picture.rung);
    if (line.current) unsaved.note(line.current.item);
  },
  bridge: () => {
    const said = at("bridge-said");
    const isMoved = picture.movedBridge !== null;
    if (!said || !line.current) return;
    said.textContent = isMoved ? movedWords(picture.bridgeShift) : bridgeWords(line.current.item.bridge);
  },
  click: (stroke) => editor.click(stroke),
  detail: () => trying(() => looking.sharpen()),
});

const editor = new Editor(picture, server, {
  say,
  mode: (mode) => looking.setMode(mode),
  save: onceAnswered(() => trying(() => decisions.save())),
  item: () => line.current?.item,
  isSaving: () => decisions.isSaving,
  onceThere,
});

const line = new Line(server, {
  show,
  coming: (is) => at("view").setAttribute("aria-busy", is),
  choices: showMore,
  ready: (entry) => (document.body.dataset.next = entry?.item.id ?? ""),
  line: showLine,
  lost: giveUp,
  refused: (error) => say(error.message, "bad"),
});

const looking = new Looking(picture, line);
const unsaved = new Unsaved(picture, looking, editor, line);
const decisions = new Decisions(server, line, picture, { mayDecide, show, unsaved, editor });
const renaming = new Renaming(server, line);
const rejecting = new Rejecting(state, keys, (...told) => decisions.reject(...told));

// --- what is shown --------------------------------------------------------------------------------

function show(entry) {
  at("work").hidden = at("footer").hidden = !entry;
  at("empty").hidden = Boolean(entry);
  if (!entry) showEmpty(at("empty"), now, line.failure);
  header.frame(entry?.item, nothing.textContent);
  // Another photo is seen whole first; a frame that was worked over stays where one looked.
  if (document.body.dataset.frame !== String(entry?.item.id)) {
    picture.fit();
    window.scrollTo(0, 0);
  }
  document.body.dataset.frame = entry?.item.id ?? "";
  at("skip").hidden = !entry;
  if (entry) showFrame(entry);
  else picture.show(null, null);
  announce(entry ? header.inWords(entry.item) : nothing.textContent);
  if (isFocusLost()) at(entry ? "panel" : "empty").focus({ preventScroll: true });
}

function showFrame({ item, frame, isUnseen }) {
  document.body.toggleAttribute("data-pictureless", !frame);
  at("missing").hidden = !isUnseen;
  at("none").hidden = Boolean(frame) || isUnseen;
  at("view").ariaLabel = `Photo and cut-out of ${item.code} ${item.view}`;
  at("none-why").textContent = item.hasFailed ? item.chips.map(({ words }) => words).join(" ") : "";
  picture.show(frame, item.bridge);
  looking.showDoubt();
  showHolder(item);
  unsaved.offer(item);
  showRail(at("rail"), item, now.rail, open);
  showChoices(item);
  editor.suggest("brush");
  editor.show();
  const isOfBridge = item.chips.length && item.chips.every(({ tool }) => tool === "bridge");
  if (!item.held && item.bridge?.x && isOfBridge) moveBridge();
}

function showChoices(item) {
  showPanel(at("panel"), item, {
    look,
    pick: choose,
    bridge: moveBridge,
    rename: mayDecide() && (() => rename()),
  });
  markChosen(at("panel"), picture.rung);
}

// Cut-outs that were made meanwhile.
function showMore(item) {
  const known = item.numbered?.length ?? 0;
  showChoices(item);
  announce(moreWords(item, known));
}

function showLine(told) {
  now = told;
  showEmpty(at("empty"), now, line.failure);
  showToday(at("today"), now.today);
  header.day(now);
  if (line.current) showRail(at("rail"), line.current.item, now.rail, open);
}

// Without a holder it is free again, unless it was decided.
function giveUp({ id, code, view }, holder) {
  if (!holder) return line.open(id).catch((error) => giveWay(error));
  const elsewhere = `You went on with ${code} ${view} in another tab.`;
  say(holder === state.me ? elsewhere : `${holder} has taken over ${code} ${view}.`, "bad");
  if (!picture.isChanged) trying(() => line.advance());
}

function giveWay({ message }) {
  say(message, "bad");
  trying(() => line.advance());
}

function mayDecide() {
  return state.canDecide && !line.current?.item.held;
}

// In whose hands it is, and how it may come into these.
function showHolder({ id, held, canApprove }) {
  at("holder").hidden = !held;
  for (const made of document.querySelectorAll(DECIDES)) made.disabled = !mayDecide();
  if (!canApprove) document.querySelector('[data-key="a"]').disabled = true;
  if (!held) return;
  const take = { class: "wb-button", onclick: () => leave(() => (held.isOwn ? line.open(id, true) : takeOver(id))) };
  const words = held.isOwn ? "Go on here" : `Take over from ${held.by}`;
  const next = button({ class: "wb-button", onclick: forward }, "Go to the next", element("kbd", {}, "→"));
  const own = held.isOwn || state.canTakeOver ? button(take, words) : "";
  at("holder").replaceChildren(element("span", {}, held.words), own, next);
}

// --- what the panel and the keys do ---------------------------------------------------------------

// A reason leads to its place. What mends it is in hand once somebody edits: a finger that pans paints nothing.
function look(told) {
  looking.lookAt(told);
  if (told.place) announce(`Zoomed to ${told.words}`);
  if (!mayDecide()) return;
  if (told.tool === "bridge") moveBridge();
  else if (told.tool === "rename") rename(told.code.replace("looks-", ""));
  else if (told.tool) editor.suggest(told.tool);
}

function moveBridge() {
  if (!picture.hasBridge) return say("There is no half-glass picture of this one, so there is no bridge to place.");
  editor.arm("bridge");
  if (picture.tool === "bridge") picture.takeUpBridge();
}

const choose = onceSaved((index) => looking.pick(index));

function pick(index) {
  if (picture.tool === "bridge") picture.takeEstimate(index);
  else choose(index);
}

// The one way out of a frame, for keys, buttons and links alike. While one is asked, another may take its place.
async function leave(go, isChanged = decisions.isAtRisk) {
  const id = line.current?.item.id;
  if (!(await unsaved.mayLeave(isChanged))) return;
  if (isChanged && line.current?.item.id !== id) return say("Another photo is here by now; nothing was done.", "bad");
  return trying(go);
}

// A decision carries a bridge that was moved with it.
const leaveEdit = (go) => leave(go, picture.isEdited);

const open = (id) => leave(() => line.open(id));
const back = () => leave(() => line.back());
const forward = () => leave(async () => (await line.forward()) || say("This is the last one."));
const undo = onceSaved(() => leave(() => decisions.undo()));
// What was merely chosen is no loss.
const ask = onceSaved(() => {
  if (!line.current || !mayDecide()) return;
  const { item } = line.current;
  leave(() => rejecting.open(item), picture.isPainted);
});
const shop = () => trying(() => showShop(line, picture, server));

// What did not come is asked for anew: the pictures of what is looked at, or what waits.
function again() {
  const { current } = line;
  if (current?.isUnseen) leave(() => reload(current.item));
  else if (!current && !line.isComing) trying(() => line.advance());
}

async function reload(item) {
  const entry = await line.renew(item, item);
  if (entry) show(entry);
  if (entry?.isUnseen) say("It did not come this time either.", "bad");
}

async function takeOver(id) {
  const { said, item, line: now } = await server.ask("take-over", id);
  await line.turnTo(item, now);
  say(said);
}

// Under what it shows: the view that it looks like, where that is known.
const rename = onceSaved((view) => {
  if (!line.current || !mayDecide()) return;
  const { item } = line.current;
  leave(() => renaming.open(item, view));
});

// --- keys and buttons -----------------------------------------------------------------------------

// A decision is about what is seen; anything else can wait until there is something to see.
function onSight(act) {
  const answered = onceAnswered(act);
  return () => (line.isComing ? say("The next one is still loading; nothing was decided.", "bad") : answered());
}

// What a click comes to belongs to what is decided or saved.
function onceAnswered(act) {
  const words = "Your last click is still being worked out; nothing was done.";
  return onceSaved(() => (editor.isAsking ? say(words, "bad") : act()));
}

function onceSaved(act) {
  return (...given) => (decisions.isSaving ? say(STILL_SAVING, "bad") : act(...given));
}

function onceThere(act) {
  return () => line.whenThere(act);
}

function bindKeys() {
  const ends = (label) => ({ label, leaves: true });
  keys.set("a", "approve", onSight(() => decisions.decide("approve")), ends("A"));
  keys.set("x", "reject, with a reason by number", onceThere(ask), ends("X"));
  keys.set("r", "reprocess", onSight(() => leaveEdit(() => decisions.decide("reprocess"))), ends("R"));
  keys.set("s", "skip", onSight(() => leave(() => decisions.skip())), ends("S"));
  keys.set("u", "undo the last decision, of the last 30 seconds", undo, { label: "U" });
  keys.set("ArrowRight", "look at the next one", forward, { label: "→" });
  keys.set("ArrowLeft", "back to the one before", back, { label: "←" });
  for (let number = 1; number <= 9; number++) {
    const words = number === 1 ? "choose among the alternatives, or where the bridge may be" : "";
    keys.set(String(number), words, onceThere(() => pick(number - 1)), { label: "1–9" });
  }
  const compare = { label: "Space", up: () => picture.flicker(false) };
  keys.set(" ", "compare: the photo while it is held", () => picture.flicker(true), compare);
  keys.set("z", "zoom to the doubt, and back", onceThere(() => looking.zoomToDoubt()), { label: "Z" });
  keys.set("0", "the whole photo", () => picture.fit());
  keys.set("+", "zoom in", () => picture.zoomAt(1.4), { repeats: true });
  keys.set("-", "zoom out", () => picture.zoomAt(1 / 1.4), { repeats: true });
  keys.set("b", "next backdrop", () => looking.nextBackdrop(), { label: "B" });
  keys.set("m", "next view", () => looking.nextMode(), { label: "M" });
  keys.set("w", "move the bridge", onceThere(moveBridge), { label: "W" });
  keys.set("n", "correct the name: another class, view or code", onceThere(() => rename()), { label: "N" });
  keys.set("v", "as in the shop: all files", onceThere(shop), { label: "V" });
  keys.set("t", "try again where the picture or the server did not come", again, { label: "T" });
  keys.set("?", "this list", () => at("keys").showModal());
}

fillGroup(at("modes"), MODES, "mode", (name) => looking.setMode(name));
fillGroup(at("backdrops"), BACKDROPS, "backdrop", (name) => looking.setBackdrop(name));
bindKeys();
editor.bind(keys);
bindButtons(keys);
at("zoom").addEventListener("click", () => looking.zoomToDoubt());
at("shop").addEventListener("click", shop);
looking.setMode("compare");
looking.setBackdrop("checker");
fillKeylist(keys);
// Whoever comes next needn't wait until the claim lapses. A page that comes out of the browser's memory starts anew.
window.addEventListener("pagehide", () => server.leave());
window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
showLine(state.line);
trying(() => line.start(state.asked));
