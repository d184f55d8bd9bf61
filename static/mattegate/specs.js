// A draft's values, shown at once on a photo of ours.

const WAIT_MS = 400;
const form = document.querySelector('#spec');
const told = form.parentElement.querySelector('[role=status]');
let timer = 0;

function asked() {
  const fields = new FormData(form);
  fields.delete('csrfmiddlewaretoken');
  form.querySelectorAll(':disabled').forEach((field) => {
    if (field.name && (field.type !== 'checkbox' || field.checked)) fields.append(field.name, field.value);
  });
  return new URLSearchParams(fields);
}

function show() {
  told.textContent = '';
  document.querySelectorAll('[data-preview]').forEach((image) => {
    image.src = `${image.dataset.preview}?${asked()}`;
  });
}

document.querySelectorAll('[data-preview]').forEach((image) => {
  image.addEventListener('load', () => { image.closest('figure').hidden = false; });
  image.addEventListener('error', () => {
    image.closest('figure').hidden = true;
    told.textContent = 'One is left out: no photo of that kind is published yet, or these values make no picture.';
  });
});
form.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(show, WAIT_MS);
});
show();
