// The upload page: choose or drop photos, see what became of each, send again what did not get through.
import { at, csrfToken, element, isJson } from "./dom.js";
import { filesFromDrop, filesFromInput } from "./files.js";
import { RefusedError, Sender, SignedOutError } from "./sender.js";

const SIGNED_OUT = "you are signed out; sign in again in another tab, then try again";
const CHOICES = ["name", "product_class", "enhancement", "lane"];
const form = at("upload");
const [drop, chosen, refused, sendButton] = ["drop", "chosen", "refused", "send"].map(at);
const [results, summary, bar, batchLink] = ["results", "summary", "bar", "batch-link"].map(at);
const [failures, rejections, duplicates] = ["failures", "rejections", "duplicates"].map(at);
const invitation = chosen.textContent;
const photos = (number) => `${number.toLocaleString()} ${number === 1 ? "photo" : "photos"}`;

const sender = new Sender(post, showSoon);

// --- sending ----------------------------------------------------------------------------------

async function post(files) {
  const body = new FormData();
  for (const field of CHOICES) body.set(field, form.elements[field].value);
  for (const file of files) body.append("photos", file, file.name);
  const token = csrfToken() || form.elements.csrfmiddlewaretoken.value;
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  return answerOf(await fetch(window.location.pathname, { method: "POST", body, headers }).catch(broken));
}

// The server doesn't hear out whoever isn't signed in, and a browser can't tell that from a broken connection.
async function broken() {
  const { redirected } = await fetch(window.location.pathname, { method: "HEAD" }).catch(() => ({}));
  if (redirected) throw new SignedOutError(SIGNED_OUT);
  throw new Error("the connection broke off, or the file changed on your disk");
}

async function answerOf(response) {
  if (response.redirected || response.status === 403) throw new SignedOutError(SIGNED_OUT);
  if (response.status === 413) return broken();
  const answer = isJson(response) && (await response.json().catch(() => null));
  if (!answer) throw new Error(`the server could not answer (status ${response.status})`);
  if (!response.ok) throw new RefusedError(answer.detail);
  return answer;
}

// --- showing ----------------------------------------------------------------------------------

let isShowDue = false;

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
  const { waiting, isSending, refusal } = sender;
  const megabytes = waiting.reduce((sum, file) => sum + file.size, 0) / 1e6;
  const isReady = waiting.length > 0 && !isSending;
  chosen.textContent = isReady ? `${photos(waiting.length)} chosen, ${megabytes.toFixed(1)} MB` : invitation;
  sendButton.disabled = !isReady;
  sendButton.textContent = isSending ? "Uploading…" : isReady ? `Upload ${photos(waiting.length)}` : "Upload";
  refused.textContent = refusal;
  refused.hidden = !refusal;
  for (const field of CHOICES) form.elements[field].disabled = isSending;
}

function showResults() {
  const { total, isSending, failed, counts, batch, refusal } = sender;
  results.hidden &&= !total;
  if (!total) return;
  results.hidden = refusal !== "" && batch === null; // nothing was sent at all
  bar.max = total;
  bar.value = isSending ? sender.answered : total - failed.length;
  summary.textContent = headline();
  for (const [name, number] of Object.entries({ ...counts, failed: failed.length })) {
    results.querySelector(`[data-count="${name}"]`).textContent = number.toLocaleString();
  }
  batchLink.hidden = batch === null;
  batchLink.href = form.dataset.batchUrl.replace("/0/", `/${batch}/`);
  failures.hidden = isSending || !failed.length;
  list(failures, failed.map(({ file, words }) => `${file.name}: ${words}`));
  list(rejections, sender.rejections);
  rejections.hidden = !sender.rejections.length;
  list(duplicates, sender.duplicates);
  duplicates.hidden = !sender.duplicates.length;
}

function headline() {
  const { total, isSending, failed, answered } = sender;
  if (isSending) return `${answered.toLocaleString()} of ${photos(total)} sent`;
  return failed.length ? `${photos(failed.length)} not sent` : "Everything is sent";
}

// Both lists only grow, or start anew.
function list(section, lines) {
  const target = section.querySelector("ul");
  if (lines.length < target.children.length || !lines.length) target.replaceChildren();
  for (const words of lines.slice(target.children.length)) target.append(element("li", {}, words));
}

// --- the page ---------------------------------------------------------------------------------

for (const id of ["photos", "folder"]) {
  at(id).hasChangeListener = true; // else Unfold adds its own, which looks for a text field beside the file field
  at(id).addEventListener("change", ({ target }) => {
    sender.add(filesFromInput(target));
    target.value = "";
  });
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  sender.start();
});
at("retry").addEventListener("click", () => sender.retry());

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
  sender.add(await filesFromDrop(event.dataTransfer));
});
window.addEventListener("beforeunload", (event) => {
  if (sender.isSending) event.preventDefault();
});

at("photos").required = false;
form.classList.add("is-live");
for (const hidden of document.querySelectorAll("[data-needs-script]")) hidden.hidden = false;
showSoon();
