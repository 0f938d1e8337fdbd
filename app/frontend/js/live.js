// Live figures: one WebSocket a page. A push replaces the large numbers at once; the panels are fetched again at most
// every quarter of a minute, and a screen reader hears the value at most once a minute.
import {io} from 'socket.io-client';

const PANELS_MS = 15_000;
const SPEECH_MS = 60_000;
const SILENCE_MS = 60_000;

const PHASES = {
  closed: 'Market closed',
  pre_open: 'Pre-open',
  continuous: 'Live',
  closing_auction: 'Closing auction',
  post_close: 'After the close',
};

function showState(tone, words) {
  const feed = document.getElementById('feed');
  if (!feed) return;
  feed.classList.toggle('live', tone === 'live');
  feed.classList.toggle('lost', tone === 'lost');
  feed.lastElementChild.textContent = words;
}

function showFigures(texts) {
  for (const [key, [value, note]] of Object.entries(texts)) {
    const figure = document.querySelector(`[data-figure="${key}"]`);
    if (!figure) continue;
    figure.querySelector('b').textContent = value;
    const small = figure.querySelector('small');
    if (small && note) small.textContent = note;
  }
}

/** Asks of panels on their way, with the time each set out: an answer may be older than a push that overtook it. */
const askedAt = new WeakMap();
let newest = {at: -Infinity, windows: {}};

const fetchPanels = () => document.body.dispatchEvent(new CustomEvent('risk:updated'));

/** Calls at most once in `wait` ms: now if it can, else when the time is over. */
function sparingly(call, wait) {
  let last = -Infinity;
  let due = 0;
  return (...values) => {
    clearTimeout(due);
    const run = () => {
      last = performance.now();
      call(...values);
    };
    const rest = last + wait - performance.now();
    if (rest <= 0) run();
    else due = setTimeout(run, rest);
  };
}

export function follow(currentWindow, say) {
  const socket = io({transports: ['websocket'], reconnectionDelay: 1000, reconnectionDelayMax: 10_000});
  const fetchSparingly = sparingly(fetchPanels, PANELS_MS);
  const saySparingly = sparingly(say, SPEECH_MS);
  let wasLost = false;
  let silence = 0;

  /** While shares trade, prices that no longer come must not look live. */
  const expectMore = (isLive, when) => {
    clearTimeout(silence);
    if (isLive) silence = setTimeout(() => showState('lost', `No new prices since ${when}`), SILENCE_MS);
  };
  const lose = () => {
    wasLost = true;
    clearTimeout(silence);
    showState('lost', 'Reconnecting');
  };
  document.addEventListener('htmx:before:request', ({detail}) => askedAt.set(detail.ctx, performance.now()));
  document.addEventListener('htmx:after:swap', ({detail}) => {
    if (newest.at > askedAt.get(detail.ctx)) showFigures(newest.windows[currentWindow()] ?? {});
  });
  socket.on('connect', () => {
    showState('', 'Waiting for prices');
    if (wasLost) fetchPanels();
    wasLost = false;
  });
  socket.on('connect_error', lose);
  socket.on('disconnect', (reason) => {
    lose();
    // The server ended it: the login is over, or it restarts. Socket.IO leaves trying again to us.
    if (reason === 'io server disconnect') setTimeout(() => socket.connect(), 5000);
  });
  socket.on('risk:updated', ({as_of: asOf, phase, when, say: words, windows}) => {
    if (!asOf) return;
    const isLive = phase === 'continuous';
    showState(isLive ? 'live' : '', `${PHASES[phase] ?? phase} · ${when}`);
    expectMore(isLive, when);
    const texts = windows[currentWindow()];
    // The first gain of a day has no place yet: the panel must come with one.
    if (texts.today && !document.querySelector('[data-figure="today"]')) fetchPanels();
    newest = {at: performance.now(), windows};
    showFigures(texts);
    fetchSparingly();
    if (words) saySparingly(words);
  });
}
