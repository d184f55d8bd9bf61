// The catalogue by keys: / searches, arrows go from tile to tile, Enter (a link's own key) opens one.
const search = document.querySelector("[data-search]");
const tiles = [...document.querySelectorAll("[data-tiles] a")];

const isTyping = ({ target }) => target.matches("input, textarea, select");
const top = (tile) => Math.round(tile.getBoundingClientRect().top);
const columns = () => tiles.filter((tile) => top(tile) === top(tiles[0])).length;

const STEPS = { ArrowRight: () => 1, ArrowLeft: () => -1, ArrowDown: columns, ArrowUp: () => -columns() };

function go(event) {
  const from = tiles.indexOf(document.activeElement);
  const scrolls = ["ArrowUp", "ArrowDown"].includes(event.key) && event.target !== search;
  if (from < 0 && scrolls) return;
  const to = from < 0 ? 0 : from + STEPS[event.key]();
  if (!tiles[to]) return;
  event.preventDefault();
  tiles[to].focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const leavesSearch = event.target === search && event.key === "ArrowDown";
  if (isTyping(event) && !leavesSearch) return;
  if (event.key in STEPS) go(event);
  if (event.key !== "/") return;
  event.preventDefault();
  search.select();
});
