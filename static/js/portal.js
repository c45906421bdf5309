// Small comforts. Every page works without them.
'use strict';

const words = document.body.dataset;

// "/" puts the cursor into the search field.
const search = document.getElementById('search');
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || !search) return;
  if (event.target.closest('input, select, textarea, [contenteditable]')) return;
  event.preventDefault();
  search.focus();
  search.select();
});

// Menus are <details>: one at a time, closed by Escape and by a click elsewhere.
const openMenus = () => document.querySelectorAll('details.menu[open]');
document.addEventListener('click', (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const menu of openMenus()) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
});

// Says something short, also to a screen reader.
const toast = document.getElementById('toast');
let toastTimer;
const say = (text) => {
  toast.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toast.textContent = ''; }, 4000);
};

document.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  say(words.copied);
});

// A press shows the password, another hides it; a sent form hides it again.
const addReveal = (input) => {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'button';
  const set = (shown) => {
    input.type = shown ? 'text' : 'password';
    button.textContent = shown ? words.hide : words.show;
    button.setAttribute('aria-label', `${button.textContent} ${words.password}`);
  };
  set(false);
  button.addEventListener('click', () => set(input.type === 'password'));
  input.form?.addEventListener('submit', () => set(false));
  input.after(button);
};

// Runs for the page and for every piece that htmx brings.
const enhance = (root) => {
  if (navigator.clipboard) for (const copy of root.querySelectorAll('[data-copy]')) copy.hidden = false;
  for (const input of root.querySelectorAll('.reveal > input:only-child')) addReveal(input);
  for (const button of root.querySelectorAll('[data-print]')) button.hidden = false;
  for (const select of root.querySelectorAll('select[data-submit]')) {
    select.addEventListener('change', () => select.form.requestSubmit());
  }
};
enhance(document);
document.addEventListener('htmx:load', (event) => enhance(event.detail.elt));
document.addEventListener('click', (event) => {
  if (event.target.closest('[data-print]')) window.print();
});
