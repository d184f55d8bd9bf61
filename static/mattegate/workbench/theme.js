// The theme that was chosen on the other pages, before anything is painted.
const dark = matchMedia("(prefers-color-scheme: dark)");

function setTheme() {
  let chosen = "auto";
  try {
    chosen = JSON.parse(localStorage.getItem("adminTheme") ?? '"auto"');
  } catch {
    // Storage may be shut; then the system's theme it is.
  }
  document.documentElement.dataset.theme = chosen === "auto" ? (dark.matches ? "dark" : "light") : chosen;
}

setTheme();
dark.addEventListener("change", setTheme);
