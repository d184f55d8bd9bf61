// A picture that was never made, or is gone, gives way to the placeholder behind it.
const giveWay = (image) => (image.hidden = true);

document.addEventListener("error", ({ target }) => target instanceof HTMLImageElement && giveWay(target), true);
for (const image of document.images) {
  if (image.complete && !image.naturalWidth && image.loading !== "lazy") giveWay(image);
}

// Icons are drawn from words like "arrow_drop_down", which nobody is to hear.
for (const icon of document.querySelectorAll(".material-symbols-outlined")) icon.ariaHidden = "true";

// What is wider than the screen is scrolled by keys too. Which is, depends on the width.
const reachable = new ResizeObserver((entries) => {
  for (const { target } of entries) target.tabIndex = target.scrollWidth > target.clientWidth ? 0 : -1;
});
for (const room of document.querySelectorAll(".mg-scroll")) reachable.observe(room);
