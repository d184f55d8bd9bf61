// The next frame's buttons stand where the last one's stood: a second click must not decide what nobody has looked at.
const LOOK_MILLISECONDS = 700;
const form = document.querySelector(".mg-actions");
const buttons = form.querySelectorAll("button:enabled");
const enable = (isOn) => buttons.forEach((button) => (button.disabled = !isOn));

function holdBack() {
  enable(false);
  setTimeout(enable, LOOK_MILLISECONDS, true);
}

holdBack();
window.addEventListener("pageshow", ({ persisted }) => persisted && holdBack());
// Only after the form is on its way: a disabled button would not be sent with it.
form.addEventListener("submit", () => setTimeout(enable, 0, false));
