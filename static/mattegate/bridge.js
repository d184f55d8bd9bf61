// The bridge line over the photo moves by whole pixels of the photo; the line in the profile follows it.
const photo = document.querySelector("#bridge");
const slider = photo.querySelector("[role=slider]");
const lines = document.querySelectorAll(".mg-bridge");
const field = document.querySelector("[name=bridge_x]");
const said = document.querySelector("#bridge-said");
const back = document.querySelector("#bridge-back");
const place = document.querySelector("#bridge-place");
const dim = photo.querySelector(".mg-dim");
const doubt = document.querySelector("#bridge-doubt");

const width = Number(photo.dataset.width);
const [first, last] = [slider.ariaValueMin, slider.ariaValueMax].map(Number);
const column = (text) => (text === "" ? null : Number(text));
const found = column(photo.dataset.found);
const standing = column(photo.dataset.placed) ?? found;
const home = found ?? standing;
const saidAtFirst = said.textContent;
if (home === null) back.textContent = "Remove";
let now = standing;
let grabbed = null;

const isAt = (other) => now === other || (now !== null && other !== null && Math.abs(now - other) < 0.5);
const distance = (pixels) => `${pixels < 0 ? "−" : "+"}${Math.abs(Math.round(pixels))} px`;

function words() {
  if (isAt(standing)) return saidAtFirst;
  if (found === null) return "Placed by you";
  return isAt(found) ? "Put back by you" : `Moved by you: ${distance(now - found)}`;
}

// As pipeline.imaging.halfglass.crop_at decides where no nearer lens is known.
function keptSide() {
  const { side, first, last } = photo.dataset;
  return side || (now - Number(first) > Number(last) - now ? "left" : "right");
}

function put(wanted) {
  now = wanted;
  // Only what a person chooses is held to the product: an older cut-out's bridge may lie elsewhere.
  if (now !== null && !isAt(found) && !isAt(standing)) now = Math.min(Math.max(now, first), last);
  if (isAt(found)) now = found;
  field.value = isAt(standing) ? "" : now.toFixed(2);
  draw();
}

function draw() {
  for (const line of lines) {
    line.toggleAttribute("hidden", now === null);
    if (now !== null) line.setAttribute("x", `${(100 * (now + 0.5)) / width}%`);
  }
  dim.setAttribute("x", keptSide() === "left" ? "0" : "-100%");
  doubt.hidden = now !== null && !isAt(found);
  slider.ariaValueNow = Math.round(now);
  said.textContent = words();
  slider.ariaValueText = `${Math.round(now)} px from the left. ${said.textContent}`;
  back.hidden = isAt(home);
  place.hidden = now !== null;
}

function putBack() {
  grabbed = null;
  put(home);
  if (home === null) place.focus();
}

slider.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  slider.setPointerCapture(event.pointerId);
  grabbed = { at: event.clientX, column: now };
});
// Or else a fast pull would drag the picture underneath, as a file.
document.addEventListener("dragstart", (event) => grabbed && event.preventDefault());
slider.addEventListener("pointermove", (event) => {
  if (!grabbed) return;
  const scale = width / photo.getBoundingClientRect().width;
  put(grabbed.column + Math.round((event.clientX - grabbed.at) * scale));
});
slider.addEventListener("lostpointercapture", () => (grabbed = null));
slider.addEventListener("dblclick", putBack);
slider.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) {
    event.preventDefault();
    put(now + step * (event.shiftKey ? 10 : 1));
  } else if (event.key === "Escape") putBack();
});
back.addEventListener("click", () => {
  putBack();
  if (home !== null) slider.focus();
});
place.addEventListener("click", () => {
  put((width - 1) / 2);
  slider.focus();
});
