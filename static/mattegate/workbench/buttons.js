// The page's buttons: those that press a key, those that stand for a name, and the list of keys.
import { at, button, element } from "../dom.js";

// The second click of a double click would be the next photo's.
export function bindButtons(keys) {
  for (const made of document.querySelectorAll("[data-key]")) {
    made.addEventListener("click", ({ detail }) => detail < 2 && keys.press(made.dataset.key));
  }
  at("characters").checked = keys.areCharactersOn;
  at("characters").addEventListener("change", ({ target }) => keys.switchCharacters(target.checked));
}

export function fillGroup(group, names, attribute, act) {
  const made = (name) => {
    const named = { [`data-${attribute}`]: name, "aria-pressed": "false" };
    return button({ class: "wb-tool", ...named, onclick: () => act(name) }, name);
  };
  group.replaceChildren(...names.map(made));
}

export function fillKeylist(keys) {
  const row = ([label, words]) =>
    element("div", {}, element("dt", {}, element("kbd", {}, label)), element("dd", {}, words));
  at("keylist").replaceChildren(...keys.list.map(row));
}
