// Days on an axis. They are calendar days, not moments: cut from the ISO text, so that no time zone moves them.
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const longDay = (day) => `${Number(day.slice(8))} ${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(0, 4)}`;
export const shortMonth = (day) => `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(2, 4)}`;

/** The first trading day of each month, thinned to at most `most`. */
export function monthStarts(days, most) {
  const starts = days.flatMap((day, index) => (index && day.slice(0, 7) !== days[index - 1].slice(0, 7) ? [index] : []));
  const every = Math.ceil(starts.length / most);
  return new Set(starts.filter((_, index) => index % every === 0));
}
