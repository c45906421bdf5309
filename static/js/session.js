// Warns two minutes before the session ends; one key keeps it going, and nothing typed is lost.
'use strict';

const WARN_SECONDS = 120;
const dialog = document.getElementById('session-end');
const left = dialog.querySelector('[data-left]');
const note = dialog.querySelector('[data-note]');
const form = dialog.querySelector('form');
// Tabs share one session: whichever was used last tells the others when it ends.
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('session') : null;
let endsAt = 0;

const restart = (tell = true) => {
  endsAt = Date.now() + Number(dialog.dataset.seconds) * 1000;
  note.textContent = '';
  if (dialog.open) dialog.close();
  if (tell) channel?.postMessage('alive');
};

const tick = () => {
  const seconds = Math.max(0, Math.round((endsAt - Date.now()) / 1000));
  if (seconds > WARN_SECONDS) return;
  if (!dialog.open) dialog.showModal();
  left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds === 0) note.textContent = note.dataset.ended;
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  try {
    const answer = await fetch(form.action, {
      method: 'POST', body: new FormData(form), redirect: 'error', credentials: 'same-origin',
    });
    if (!answer.ok) throw new Error(String(answer.status));
    restart();
  } catch {
    note.textContent = endsAt > Date.now() ? note.dataset.failed : note.dataset.ended;
  }
});
// Escape would hide the warning without keeping the session: it keeps it instead.
dialog.addEventListener('cancel', (event) => {
  event.preventDefault();
  form.requestSubmit();
});

if (channel) channel.onmessage = () => restart(false);
document.addEventListener('htmx:afterRequest', () => restart());
restart();
setInterval(tick, 1000);
