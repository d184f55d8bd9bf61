// "Copy link" is a link: without this script, or where the browser gives us no clipboard, it can still be copied.
import { element } from "./dom.js";

const said = document.querySelector(".mg-copied");

function offer(link) {
  const field = element("input", { class: "mg-input", readonly: true, value: link, "aria-label": "Link to copy" });
  said.replaceChildren("Your browser lets no page copy here. Press Ctrl+C: ", field);
  field.select();
}

async function copy(link) {
  try {
    await navigator.clipboard.writeText(link);
    said.textContent = `Copied: ${link}`;
  } catch {
    offer(link);
  }
}

for (const link of document.querySelectorAll("[data-copy]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    copy(link.href);
  });
}
