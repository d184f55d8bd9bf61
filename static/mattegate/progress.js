// The batch page asks for its progress again and again; when the session ends, the answer is the sign-in page.
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if (new URL(event.detail.xhr.responseURL).pathname === window.location.pathname) return;
  event.detail.shouldSwap = false;
  window.location.reload();
});
