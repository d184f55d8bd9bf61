// Where the focus is when what had it is gone.
const nameOf = (one) => one.dataset.rung ?? one.ariaLabel ?? one.textContent;

// New children. The focus stays on what is called the same, or else is the whole's: whoever works by Tab goes on here.
// Those of another frame are never the same: a key that is held down must not press them.
export function refill(parent, children, isAnother = false) {
  const had = parent.contains(document.activeElement) && document.activeElement;
  parent.replaceChildren(...children);
  if (!had) return;
  const alike = isAnother || had === parent ? [] : [...parent.querySelectorAll("button, a")];
  const same = alike.find((one) => nameOf(one) === nameOf(had));
  (same ?? parent).focus({ preventScroll: true });
}

// What had the focus is hidden or gone.
export function isFocusLost() {
  const { activeElement, body } = document;
  return activeElement === body || !activeElement.checkVisibility();
}
