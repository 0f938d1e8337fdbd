// What the page does beyond links: theme, tables instead of charts, charts when scrolled near, the section bar.
const root = document.documentElement;
const live = () => document.getElementById('live');
const openTables = new Set();

const say = (words) => {
  document.getElementById('say').textContent = words;
};

/* theme */

const systemIsDark = () => matchMedia('(prefers-color-scheme: dark)').matches;
const isDark = () => (root.dataset.theme ? root.dataset.theme === 'dark' : systemIsDark());

function remember(theme) {
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // Storage is blocked: the choice lasts until the page is left.
  }
}

async function switchTheme() {
  root.dataset.theme = isDark() ? 'light' : 'dark';
  remember(root.dataset.theme);
  await redrawCharts();
}

/* charts: the library is loaded when the first one comes near */

let library = null;
let data = null;
const drawn = new Set();

const loadLibrary = () => (library ??= import('./charts.js'));

async function fetchData(address) {
  const response = await fetch(address, {headers: {Accept: 'application/json'}});
  if (!response.ok) throw new Error(`chart data: ${response.status}`);
  return response.json();
}

/** A chart may name its own data; all others share those of the window. */
const loadData = (source) => (source ? fetchData(source) : (data ??= fetchData(live().dataset.charts)));

async function drawChart(element) {
  drawn.add(element);
  try {
    const [{draw}, values] = await Promise.all([loadLibrary(), loadData(element.parentElement.dataset.source)]);
    if (!element.isConnected) return;
    element.parentElement.classList.remove('failed');
    draw(element, values);
  } catch (error) {
    console.warn(error);
    element.parentElement?.classList.add('failed');
  }
}

async function redrawCharts() {
  const here = [...drawn].filter((element) => element.isConnected);
  if (library) (await library).disposeDetached();
  drawn.clear();
  await Promise.all(here.map(drawChart));
}

const nearby = new IntersectionObserver(
  (entries) => {
    for (const {isIntersecting, target} of entries) {
      if (isIntersecting && !drawn.has(target)) drawChart(target);
    }
  },
  {rootMargin: '300px'},
);

/* tables instead of charts */

function showTable(id, isOpen) {
  const card = document.getElementById(id);
  const button = card?.querySelector('[data-table]');
  if (!button) return;
  card.classList.toggle('show-table', isOpen);
  button.setAttribute('aria-expanded', String(isOpen));
  button.querySelector('span').textContent = isOpen ? 'Chart' : 'Table';
}

function toggleTable(id) {
  const isOpen = !openTables.delete(id);
  if (isOpen) openTables.add(id);
  showTable(id, isOpen);
}

/* section bar */

function markSection() {
  const links = [...document.querySelectorAll('.section-bar a')];
  const passed = links.filter((link) => {
    const section = document.getElementById(link.hash.slice(1));
    return section && section.getBoundingClientRect().top < 160;
  });
  const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 4;
  const current = atEnd && scrollY > 0 ? links.at(-1) : (passed.at(-1) ?? links[0]);
  for (const link of links) {
    if (link === current) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
}

let waiting = false;
function markSectionSoon() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    markSection();
  });
}

/* wiring */

/** A status that came with its own region is not read out everywhere: it goes through the region that was there. */
function tellAnew() {
  for (const told of document.querySelectorAll('[data-tell]')) {
    say(told.textContent.trim());
    told.removeAttribute('data-tell');
  }
}

/** On a phone the tabs scroll sideways: the one that is open comes into view, without moving the page. */
function showCurrentTab() {
  const tab = document.querySelector('.tabs [aria-current]');
  const bar = tab?.parentElement;
  if (bar) bar.scrollLeft = tab.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
}

function settle() {
  tellAnew();
  for (const chart of document.querySelectorAll('.chart')) nearby.observe(chart);
  for (const id of openTables) showTable(id, true);
  markSection();
}

/** A change of window is told here; a push, and a panel that was asked for alone, say for themselves what is new. */
let shownWindow = live().dataset.window;

async function refresh() {
  data = null;
  await redrawCharts();
  if (live().dataset.window === shownWindow) return;
  shownWindow = live().dataset.window;
  say(document.querySelector('.switch [aria-current]')?.dataset.say ?? '');
}

/** A push swaps every panel at nearly the same time: the charts are fetched once for all of them. */
let refreshing = 0;
function afterSwap() {
  settle();
  clearTimeout(refreshing);
  refreshing = setTimeout(refresh, 60);
}

document.addEventListener('click', (event) => {
  const table = event.target.closest('[data-table]');
  if (table) toggleTable(table.dataset.table);
  if (event.target.closest('#theme')) switchTheme();
});
document.addEventListener('htmx:after:swap', afterSwap);
document.addEventListener('htmx:error', () => say('The server could not be reached. What you see is from before.'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawCharts);
addEventListener('scroll', markSectionSoon, {passive: true});
document.fonts.ready.then(() => {
  showCurrentTab();
  settle();
});

if (live().hasAttribute('data-live')) {
  import('./live.js').then(({follow}) => follow(() => live().dataset.window, say));
}
