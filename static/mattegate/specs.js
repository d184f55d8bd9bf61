// A draft's values, shown at once: on a photo of ours, and as names of files.
import { element } from './dom.js';

const WAIT_MS = 400;
const form = document.querySelector('#spec');
const told = form.parentElement.querySelector('[data-left-out]');
const names = form.querySelector('[data-names]');
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
  showNames();
}

const withBreaks = (name) => name.split(/(?=[._-])/).flatMap((part) => [part, element('wbr')]);

const rowOf = ([file, name]) => element('div', {}, element('dt', {}, file), element('dd', {}, ...withBreaks(name)));

async function showNames() {
  const query = asked().toString();
  const answer = await fetch(`${names.dataset.names}?${query}`).catch(() => null);
  if (query !== asked().toString()) return; // what stands there now was asked for later
  const said = answer?.ok ? await answer.json() : { names: [], faults: ['Names can\'t be shown just now.'] };
  const faults = (said.faults ?? []).map((fault) => element('p', {}, fault));
  names.querySelector('[role=status]').replaceChildren(...faults);
  names.querySelector('dl').replaceChildren(...said.names.map(rowOf));
}

document.querySelectorAll('[data-preview]').forEach((image) => {
  image.addEventListener('load', () => {
    image.hidden = false; // pictures.js took it away while it had no address
    image.closest('figure').hidden = false;
  });
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
