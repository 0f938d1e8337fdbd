// The colour tokens of the stylesheet as a canvas needs them, and what all charts share.
const TOKENS = {
  text: '--tx',
  muted: '--mu',
  line: '--line',
  card: '--card',
  strong: '--n',
  quiet: '--v',
  bad: '--ba-f',
  heat0: '--heat-0',
  heat1: '--heat-1',
  heat2: '--heat-2',
  heat3: '--heat-3',
  heat4: '--heat-4',
  heat5: '--heat-5',
  heat6: '--heat-6',
  heatText: '--heat-tx',
};

export const FONT = 'Inter, system-ui, sans-serif';

/** Token values of the theme in force; an element is needed to resolve light-dark(). */
export function readPalette() {
  const probe = document.createElement('i');
  probe.hidden = true;
  document.body.append(probe);
  const resolve = (token) => {
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const palette = Object.fromEntries(Object.entries(TOKENS).map(([name, token]) => [name, resolve(token)]));
  probe.remove();
  return palette;
}

/** Drawn on the canvas: the default HTML tooltip sets style attributes, which the security policy forbids. */
export const tooltip = (palette, rest) => ({
  renderMode: 'richText',
  confine: true,
  backgroundColor: palette.card,
  borderColor: palette.line,
  textStyle: {color: palette.text, fontSize: 13, fontFamily: FONT},
  ...rest,
});

/** The smallest of the usual steps that cuts a span into at most `most` parts. */
export function niceStep(span, most) {
  const STEPS = [0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 25, 50];
  return STEPS.find((step) => span / step <= most) ?? 100;
}

/** Multiples of `step` within [low, high]. */
export function ticksBetween(low, high, step) {
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  return Array.from({length: last - first + 1}, (_, index) => (first + index) * step);
}
