// Rupees as people in India write them; the same rules as app/domain/money.py, tested against the same cases.
const MINUS = '\u2212';
const LAKH = 1e5;
const CRORE = 1e7;

const group = (digits) => digits.replace(/\B(?=(\d\d)*\d{3}$)/g, ',');

/** Rounds halves away from zero, for a number that is not negative. */
const round = (number) => Math.floor(number + 0.5);

/** 4696475 -> ₹46,96,475 */
export function formatRupees(value) {
  const rounded = round(Math.abs(value));
  return `${value < 0 && rounded > 0 ? MINUS : ''}₹${group(String(rounded))}`;
}

/** Lakh and crore with two decimals, below a lakh the full form. Rounds before choosing the unit. */
export function formatRupeesCompact(value) {
  const size = Math.abs(value);
  if (round(size) < LAKH) return formatRupees(value);
  const sign = value < 0 ? MINUS : '';
  const hundredthsOfLakh = round((size / LAKH) * 100);
  if (hundredthsOfLakh < 10_000) return `${sign}₹${(hundredthsOfLakh / 100).toFixed(2)} L`;
  const [whole, fraction] = (round((size / CRORE) * 100) / 100).toFixed(2).split('.');
  return `${sign}₹${group(whole)}.${fraction} Cr`;
}

/** -1.44 -> −1.44% */
export function formatPercent(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return `${value < 0 && Number(text) > 0 ? MINUS : ''}${text}%`;
}
