// The slider over thresholds. The server sends all that there is to say once; here it is only looked up.
import { at, element, isJson } from "./dom.js";

const SHOWN = 8;
const PAUSE = 150; // ms: pictures follow once the slider rests
const page = at("simulator");
const [scope, slider, field] = [at("scope"), at("step"), at("at")];
const figures = [...page.querySelectorAll("[data-figure]")];

const filled = (pattern, ...numbers) => numbers.reduce((url, number) => url.replace("/0/", `/${number}/`), pattern);

async function fetched() {
  const answer = await fetch(page.dataset.curve);
  if (answer.redirected || !isJson(answer)) throw new Error("The figures didn't come. Reload the page.");
  return answer.json();
}

// The steps whose frames change sides, those next to the threshold first.
const between = (from, to) => {
  const steps = [];
  for (let step = from; step !== to; step += Math.sign(to - from)) steps.push(from < to ? step : step - 1);
  return steps;
};

// A few frames of all groups, taken in turn, so that one group doesn't stand for all.
function nearest(curve, moved, wanted) {
  const queues = Object.entries(curve.groups).map(([key, group]) => {
    const to = moved === "all" || moved === key ? Number(slider.value) : group.own;
    if (!wanted(to, group.compared)) return [];
    const frames = between(to, group.compared).flatMap((step) => group.frames[step] ?? []);
    return frames.map((frame) => [...frame, key.split(" ").at(-1)]);
  });
  const found = [];
  for (let turn = 0; found.length < SHOWN && queues.some((queue) => queue.length > turn); turn++) {
    found.push(...queues.filter((queue) => queue.length > turn).map((queue) => queue[turn]));
  }
  return found.slice(0, SHOWN);
}

function tile([frame, attempt, code, confidence, view]) {
  const image = element("img", { src: filled(page.dataset.picture, frame, attempt), alt: "" });
  const none = element("span", { class: "material-symbols-outlined", "aria-hidden": "true" }, "image");
  const picture = element("span", { class: "mg-picture mg-checkered" }, none, image);
  const name = element("span", { class: "mg-tile-name" }, element("b", {}, `${code} ${view}`), confidence.toFixed(3));
  return element("li", { class: "mg-tile" }, element("a", { href: filled(page.dataset.frame, frame) }, picture, name));
}

function showPictures(curve) {
  const moved = scope.value;
  at("published").replaceChildren(...nearest(curve, moved, (to, from) => to < from).map(tile));
  at("held").replaceChildren(...nearest(curve, moved, (to, from) => to > from).map(tile));
}

// 0.7 as 0.70; a finer one as it is.
const written = (threshold) => (Number(threshold.toFixed(2)) === threshold ? threshold.toFixed(2) : String(threshold));

const nearestStep = (steps, wanted) =>
  steps.reduce((best, step, n) => (Math.abs(step - wanted) < Math.abs(steps[best] - wanted) ? n : best), 0);

function show(curve) {
  const step = Number(slider.value);
  const [threshold, point] = [curve.steps[step], curve.scopes[scope.value][step]];
  at("at-head").textContent = written(threshold);
  slider.setAttribute("aria-valuetext", `${written(threshold)}: ${point.review} held by the gate`);
  for (const row of figures) row.cells[2].textContent = point[row.dataset.figure];
  at("count-published").textContent = point.newlyPublished.toLocaleString("en");
  at("count-held").textContent = point.newlyHeld.toLocaleString("en");
  const form = at("use")?.querySelector("form");
  if (form) [form.elements.scope.value, form.elements.threshold.value] = [scope.value, threshold];
}

function start(curve) {
  const told = `${curve.total.toLocaleString("en")} photos.`;
  const out = curve.leftOut ? ` ${curve.leftOut.toLocaleString("en")} more lack what this policy looks at.` : "";
  at("told").textContent = told + out;
  for (const option of [...scope.options]) if (!curve.scopes[option.value]) option.remove();
  const wanted = new URLSearchParams(window.location.search).get("for");
  if (curve.scopes[wanted]) scope.value = wanted;
  for (const row of figures) row.cells[1].textContent = curve.asItIs[row.dataset.figure];
  slider.max = curve.steps.length - 1;
  let timer = 0;
  const write = () => (field.value = written(curve.steps[Number(slider.value)]));
  const moved = () => {
    show(curve);
    clearTimeout(timer);
    timer = setTimeout(showPictures, PAUSE, curve);
  };
  const changed = () => {
    write();
    moved();
  };
  const isThreshold = () => field.valueAsNumber >= 0 && field.valueAsNumber <= 1;
  const typed = () => {
    if (!isThreshold()) return;
    slider.value = nearestStep(curve.steps, field.valueAsNumber);
    moved();
  };
  const chosen = () => {
    slider.value = (curve.groups[scope.value] ?? Object.values(curve.groups)[0]).own;
    changed();
  };
  slider.addEventListener("input", changed);
  field.addEventListener("input", typed);
  // What lies between two steps, or is no threshold, isn't kept.
  field.addEventListener("change", () => {
    const kept = written(curve.steps[Number(slider.value)]);
    if (!isThreshold()) at("told").textContent = `A threshold is a number from 0 to 1. It stays at ${kept}.`;
    write();
  });
  scope.addEventListener("change", chosen);
  for (const part of ["slider", "switched", "use"]) if (at(part)) at(part).hidden = false;
  chosen();
}

try {
  const curve = await fetched();
  if (curve.total) start(curve);
  else at("told").textContent = "No scorecard that this policy can judge yet.";
} catch (error) {
  at("told").textContent = error.message;
}
