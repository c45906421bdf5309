// Warns two minutes before the session ends; one key keeps it going, and nothing typed is lost.
'use strict';

const WARN_SECONDS = 120;
const dialog = document.getElementById('session-end');
const left = dialog.querySelector('[data-left]');
const note = dialog.querySelector('[data-note]');
const form = dialog.querySelector('form');
let endsAt = Date.now() + Number(dialog.dataset.seconds) * 1000;
let askAgainAt = 0;

const secondsLeft = () => Math.max(0, Math.round((endsAt - Date.now()) / 1000));

// POST goes on working; GET only asks, because another tab may have kept the session going.
const ask = async (method) => {
  const answer = await fetch(form.action, {
    method,
    body: method === 'POST' ? new FormData(form) : undefined,
    headers: method === 'POST' ? {} : { 'X-Background': '1' },
    redirect: 'manual',
    credentials: 'same-origin',
    cache: 'no-store',
  });
  const seconds = answer.headers.get('X-Session-Seconds');
  if (seconds === null) throw new Error(`session: ${answer.type} ${answer.status}`);
  endsAt = Date.now() + Number(seconds) * 1000;
};

const show = () => {
  const seconds = secondsLeft();
  if (seconds > WARN_SECONDS) {
    if (dialog.open) dialog.close();
    return;
  }
  if (!dialog.open) dialog.showModal();
  left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  if (seconds === 0) note.textContent = note.dataset.ended;
};

const tick = async () => {
  if (secondsLeft() > WARN_SECONDS) return;
  if (secondsLeft() > 0 && Date.now() >= askAgainAt) {
    askAgainAt = Date.now() + 15000;
    await ask('GET').catch(() => {});
  }
  show();
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  note.textContent = '';
  try {
    await ask('POST');
    show();
  } catch {
    note.textContent = secondsLeft() > 0 ? note.dataset.failed : note.dataset.ended;
  }
});
// Escape would hide the warning without keeping the session: it keeps it instead.
dialog.addEventListener('cancel', (event) => {
  event.preventDefault();
  form.requestSubmit();
});

setInterval(tick, 1000);
