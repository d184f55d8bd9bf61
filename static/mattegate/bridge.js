// The bridge column is known in pixels of the full-size photo; the preview beside it may be smaller.
for (const line of document.querySelectorAll("[data-bridge-x]")) {
  const fullSize = new Image();
  fullSize.addEventListener("load", () => {
    line.style.left = `${(100 * Number(line.dataset.bridgeX)) / fullSize.naturalWidth}%`;
    line.hidden = false;
  });
  fullSize.src = line.dataset.fullSize;
}
