// What every script of ours needs of a page.
export const at = (id) => document.getElementById(id);

export const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

const isNothing = (value) => value === false || value === null || value === undefined;

// on…: a listener; true: an attribute without a value. What is false, null or undefined is left out.
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (isNothing(value)) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => !isNothing(child)));
  return made;
}

export const button = (attributes, ...children) => element("button", { type: "button", ...attributes }, ...children);

const SVG = "http://www.w3.org/2000/svg";

// A piece of SVG.
export function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

// Asked for anew each time: signing in again in another tab brings another one, and trying again must work then.
export const csrfToken = () => document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1] ?? "";

// A refusal is JSON too: problem+json.
export const isJson = (answer) => /^application\/(problem\+)?json/.test(answer.headers.get("Content-Type"));
