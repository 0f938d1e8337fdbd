// Heat map of correlations in the order the server gives.
import {FONT, tooltip} from './palette.js';

const MOST_PRINTED = 20;
const MOST_NAMED = 40;
const NARROW = 560;
// A cell takes the colour of the last step it reaches; steps, not a ramp, so that text on each has enough contrast.
const STEPS = [-1, 0.1, 0.2, 0.3, 0.4, 0.55, 0.7];
const INVERTED_FROM = 5;

const printed = (value) => (value < 0 ? '\u2212' : '') + Math.abs(value).toFixed(2).replace(/^0/, '');

function cells(matrix, palette) {
  return matrix.flatMap((row, y) =>
    row.map((value, x) => {
      if (x === y || value === null) return {value: [x, y, '-']};
      const step = Math.max(0, STEPS.findLastIndex((from) => value >= from));
      const color = step >= INVERTED_FROM ? palette.heatText : palette.text;
      return {value: [x, y, value], itemStyle: {color: palette[`heat${step}`]}, label: {color}};
    }),
  );
}

const names = (symbols, palette, rest) => ({
  type: 'category',
  data: symbols,
  axisLabel: {
    show: symbols.length <= MOST_NAMED,
    color: palette.muted,
    fontFamily: FONT,
    fontSize: symbols.length > 20 ? 9 : 11,
    interval: 0,
    width: 92,
    overflow: 'truncate',
    ...rest.axisLabel,
  },
  axisLine: {show: false},
  axisTick: {show: false},
  ...rest.axis,
});

export function correlationOption({correlation}, palette, {width}) {
  const {symbols, matrix} = correlation;
  return {
    grid: {left: 4, right: 4, top: 4, bottom: 4, outerBoundsMode: 'same', outerBoundsContain: 'axisLabel'},
    tooltip: tooltip(palette, {
      formatter: ({value: [x, y, number]}) =>
        typeof number === 'number'
          ? `${symbols[y]} and ${symbols[x]}: ${printed(number)}`
          : `${symbols[y]}${x === y ? '' : ` and ${symbols[x]}: too few days in common`}`,
    }),
    xAxis: names(symbols, palette, {axisLabel: {rotate: 55}, axis: {position: 'bottom'}}),
    yAxis: names(symbols, palette, {axis: {inverse: true}}),
    // The series insists on a visual map; the cells bring their own colours.
    visualMap: {show: false, min: -1, max: 1, dimension: 2, seriesIndex: []},
    series: [
      {
        type: 'heatmap',
        data: cells(matrix, palette),
        itemStyle: {borderColor: palette.card, borderWidth: 1},
        label: {
          show: symbols.length <= MOST_PRINTED && width >= NARROW,
          fontSize: 10.5,
          fontFamily: FONT,
          formatter: ({value}) => (typeof value[2] === 'number' ? printed(value[2]) : ''),
        },
        emphasis: {itemStyle: {borderColor: palette.text, borderWidth: 2}},
      },
    ],
  };
}
