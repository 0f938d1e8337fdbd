// Runs before the first paint: marks that scripts work and applies the reader's own choice of theme, if there is one.
// Without a choice the stylesheet follows the system.
const root = document.documentElement;
root.dataset.js = '';
try {
  const chosen = localStorage.getItem('theme');
  if (chosen === 'light' || chosen === 'dark') root.dataset.theme = chosen;
} catch {
  // Storage is blocked in this browser: the system's theme stays.
}
