// The upload page: choose or drop photos, see what became of each, send again what did not get through.
import { at, element } from "./dom.js";
import { showQuestions, showRejections } from "./answers.js";
import { filesFromDrop, photosOnly } from "./files.js";
import { nameChecker, renamer } from "./names.js";
import { Sender } from "./sender.js";
import { isLarge, Transfer } from "./transfer.js";

const CHOICES = ["name", "product_class", "enhancement", "lane", "spec", "keep_days"];
const form = at("upload");
const [drop, chosen, refused, sendButton] = ["drop", "chosen", "refused", "send"].map(at);
const [results, summary, bar, batchLink] = ["results", "summary", "bar", "batch-link"].map(at);
const [failures, rejections, duplicates, questions] = ["failures", "rejections", "duplicates", "questions"].map(at);
const takenAgain = at("taken-again");
const invitation = chosen.textContent;
const NAMES_SHOWN = 20;
const ADDING = { photos: "Add photos", folder: "Add a folder" }; // what the buttons do when some are chosen
const choosing = Object.keys(ADDING).map((id) => ({ id, label: document.querySelector(`label[for="${id}"]`) }));
const INVITING = Object.fromEntries(choosing.map(({ id, label }) => [id, label.textContent]));
const photos = (number) => `${number.toLocaleString()} ${number === 1 ? "photo" : "photos"}`;

const nameRules = JSON.parse(at("name-rules").textContent);
const isPhoto = photosOnly(JSON.parse(form.dataset.noPhotos));
let skipped = [];

const transfer = new Transfer(form, batchFields, showSoon);
const sender = new Sender(transfer.post.bind(transfer), showSoon, nameChecker(nameRules), isLarge);

function batchFields() {
  const body = new FormData();
  for (const field of CHOICES) body.set(field, form.elements[field].value);
  return body;
}

function add(files) {
  skipped = files.filter((file) => !isPhoto(file)).map(({ name }) => name);
  sender.add(files.filter(isPhoto));
}

// --- showing ----------------------------------------------------------------------------------

let isShowDue = false;
let wasSending = false;

// Answers may come faster than the screen can follow: draw once a frame.
function showSoon() {
  if (isShowDue) return;
  isShowDue = true;
  requestAnimationFrame(() => {
    isShowDue = false;
    showForm();
    showResults();
  });
}

function showForm() {
  const { chosen: picked, isSending, isStopping, refusal } = sender;
  const megabytes = picked.reduce((sum, { file }) => sum + file.size, 0) / 1e6;
  const isReady = picked.length > 0 && !isSending;
  const left = skipped.length ? ` Skipped, not photos: ${shortened(skipped)}.` : "";
  const ready = `${photos(picked.length)} chosen, ${megabytes.toFixed(1)} MB.`;
  chosen.textContent = `${isReady ? ready : invitation}${left}`;
  sendButton.disabled = !isReady;
  sendButton.textContent = isReady ? `Upload ${photos(picked.length)}` : "Upload";
  if (isSending) sendButton.textContent = isStopping ? "Stopping…" : "Uploading…";
  refused.textContent = refusal;
  refused.hidden = !refusal;
  for (const field of CHOICES) form.elements[field].disabled = isSending;
  at("stop").hidden = !isSending || isStopping;
  for (const { id, label } of choosing) label.textContent = (isReady ? ADDING : INVITING)[id];
  showPicked(isReady ? picked : []);
}

// Which photos these are: chosen twice, they add up.
function showPicked(picked) {
  const names = picked.slice(0, NAMES_SHOWN).map(({ file, name }) => file.webkitRelativePath || name);
  const rest = picked.length - names.length;
  if (rest) names.push(`and ${photos(rest)} more`);
  at("picked").querySelector("ul").replaceChildren(...names.map((name) => element("li", {}, name)));
  at("picked").hidden = !picked.length;
}

function clear() {
  skipped = [];
  sender.clear();
  at("photos").focus();
}

function showResults() {
  const { total, isSending, failed, held, rejected, taken, batch, refusal } = sender;
  if (!sender.hasBegun) return;
  results.hidden = refusal !== "" && batch === null; // nothing was sent at all
  bar.max = total + (sender.isStopped ? sender.chosen.length : 0) || 1;
  bar.value = isSending ? sender.answered + arrived() : total - failed.length;
  showMoving();
  summary.textContent = headline();
  const counts = { taken, duplicate: sender.duplicates.length, held: held.length, rejected: rejected.length };
  for (const [name, number] of Object.entries({ ...counts, failed: failed.length })) {
    results.querySelector(`[data-count="${name}"]`).textContent = number.toLocaleString();
  }
  batchLink.hidden = batch === null;
  batchLink.href = form.dataset.batchUrl.replace("/0/", `/${batch}/`);
  failures.hidden = isSending || !failed.length;
  list(failures, failed.map(({ entry, words }) => `${entry.name}: ${words}`));
  list(takenAgain, sender.again.map(({ name, words }) => `${name}: ${words}`));
  takenAgain.hidden = !sender.again.length;
  list(duplicates, sender.duplicates.map(({ name, words }) => `${name}: ${words}`));
  duplicates.hidden = !sender.duplicates.length;
  showQuestions(questions.querySelector("ul"), held, sender);
  questions.hidden = !held.length;
  showRejections(rejections.querySelector("ul"), rejected, sender, nameRules.views);
  rejections.hidden = !rejected.length && !at("listed").open;
  if (wasSending && !isSending) at("again").dispatchEvent(new CustomEvent("sent")); // some may be closed now
  wasSending = isSending;
}

const shareOf = ({ file, sent = 0 }) => Math.min(sent / (file.size || 1), 1);
const arrived = () => sender.moving.reduce((sum, entry) => sum + shareOf(entry), 0);

// Only large files arrive bit by bit; of others it is told that they are on their way.
function showMoving() {
  const rows = sender.moving.map((entry) => {
    const value = isLarge(entry) ? shareOf(entry) : undefined;
    const bar = element("progress", { class: "mg-progress", value, max: 1, "aria-label": `${entry.name} sent` });
    return element("li", {}, element("span", {}, entry.name), bar);
  });
  at("moving").replaceChildren(...rows);
  at("moving").hidden = !rows.length;
}

const shortened = (names) => (names.length > 5 ? `${names.slice(0, 5).join(", ")}, …` : names.join(", "));

function headline() {
  const { total, isSending, answered } = sender;
  const trouble = sender.pausing ? "; the connection broke off, trying again…" : "";
  if (isSending) return `${answered.toLocaleString()} of ${photos(total)} sent${trouble}`;
  const isAnySent = sender.taken + sender.duplicates.length > 0;
  const left = leftOver();
  if (!left.length) return isAnySent ? "Everything is sent" : "Nothing is left to be sent";
  const start = isAnySent ? "All sent but " : left.length === 1 && sender.misnamed.length ? "Nothing sent yet: " : "";
  return `${start}${left.join(", ")}`;
}

function leftOver() {
  const { held, failed, misnamed, rejected, isStopped, chosen: picked } = sender;
  const kinds = [
    [held.length, "held for your answer"],
    [failed.length, "not sent"],
    [misnamed.length, "with a name to be mended"],
    [rejected.length - misnamed.length, "that can’t be taken"],
    [isStopped ? picked.length : 0, "chosen still"],
  ];
  return kinds.filter(([number]) => number).map(([number, words]) => `${photos(number)} ${words}`);
}

// Both lists only grow, or start anew.
function list(section, lines) {
  const target = section.querySelector("ul");
  if (lines.length < target.children.length || !lines.length) target.replaceChildren();
  for (const words of lines.slice(target.children.length)) target.append(element("li", {}, words));
}

function renameByList(event) {
  event.preventDefault();
  const nameFor = renamer(nameRules, at("names").value);
  const { misnamed } = sender;
  const named = misnamed.map(({ entry }) => ({ entry, name: nameFor(entry.name) })).filter(({ name }) => name);
  for (const { entry, name } of named) sender.resend(entry, { name, meant: [], about: [] });
  const left = misnamed.length - named.length;
  at("listed-said").textContent = `${photos(named.length)} renamed${left ? `, ${left} not in the list` : ""}.`;
}

// --- the page ---------------------------------------------------------------------------------

for (const id of ["photos", "folder"]) {
  at(id).hasChangeListener = true; // else Unfold adds its own, which looks for a text field beside the file field
  const chosenHere = () => {
    add([...at(id).files]);
    at(id).value = "";
  };
  at(id).addEventListener("change", chosenHere);
  if (at(id).files.length) chosenHere(); // before this script was there
}
at("listed").querySelector("form").addEventListener("submit", renameByList);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sender.start();
});
at("retry").addEventListener("click", () => sender.retry());
at("clear").addEventListener("click", clear);
at("stop").addEventListener("click", () => sender.stop());

// The whole page takes a drop: a photo that misses the zone must not replace the page.
window.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("is-over");
});
window.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.classList.remove("is-over");
});
window.addEventListener("drop", async (event) => {
  event.preventDefault();
  drop.classList.remove("is-over");
  add(await filesFromDrop(event.dataTransfer));
});
window.addEventListener("beforeunload", (event) => {
  const { isSending, held, misnamed, failed } = sender;
  if (isSending || held.length + misnamed.length + failed.length) event.preventDefault(); // they are nowhere but here
});

at("photos").required = false;
form.classList.add("is-live");
for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
showSoon();
