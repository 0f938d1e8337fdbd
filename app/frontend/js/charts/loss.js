// Histogram of daily returns; the days beyond VaR 95% are hatched.
import {formatPercent, formatRupeesCompact} from '../money.js';
import {FONT, niceStep, ticksBetween, tooltip} from './palette.js';

const HATCH = {
  symbol: 'rect',
  dashArrayX: [1, 0],
  dashArrayY: [2, 4],
  rotation: -Math.PI / 4,
  color: 'rgba(255,255,255,.45)',
};

function bars({edges, counts, var: valueAtRisk}, palette) {
  return counts.map((value, index) => {
    const middle = (edges[index] + edges[index + 1]) / 2;
    const isTail = valueAtRisk !== null && middle < -valueAtRisk;
    return {value, itemStyle: isTail ? {color: palette.bad, decal: HATCH} : {color: palette.quiet}};
  });
}

const LABEL_WIDTH = 96;

function mark(loss, words, align, color, type) {
  return {
    xAxis: -loss,
    lineStyle: {color, type, width: 1.5},
    label: {formatter: `${words}\n${formatPercent(-loss)}`, align, padding: align === 'right' ? [0, 4, 0, 0] : 0},
  };
}

/** The line at the average of the tail; its label is left out where it would run off the left edge. */
function shortfallMark({edges, shortfall}, palette, width) {
  const line = mark(shortfall, 'average beyond', 'right', palette.bad, 'dashed');
  const pixels = ((-shortfall - edges[0]) / (edges.at(-1) - edges[0])) * width;
  return pixels < LABEL_WIDTH ? {...line, label: {show: false}} : line;
}

function marks(loss, palette, width) {
  const lines = [];
  if (loss.var !== null) lines.push(mark(loss.var, 'VaR 95%', 'left', palette.text, 'solid'));
  if (loss.shortfall !== null) lines.push(shortfallMark(loss, palette, width));
  return lines;
}

const inRupees = (percent, value) => formatRupeesCompact((percent / 100) * value);

function describe({edges, counts}, value, index) {
  const [low, high] = [edges[index], edges[index + 1]];
  const days = `${counts[index]} ${counts[index] === 1 ? 'day' : 'days'} between ${formatPercent(low)} and ${formatPercent(high)}`;
  return value === null ? days : `${days}\n${inRupees(low, value)} to ${inRupees(high, value)} of today's value`;
}

export function lossOption({loss, value}, palette, {width}) {
  const {edges} = loss;
  const [low, high] = [edges[0], edges.at(-1)];
  const ticks = ticksBetween(low, high, niceStep(high - low, width < 460 ? 6 : 10));
  return {
    aria: {enabled: false, decal: {show: true}},
    grid: {left: 8, right: 8, top: 46, bottom: 28},
    tooltip: tooltip(palette, {
      trigger: 'axis',
      axisPointer: {type: 'shadow'},
      formatter: ([bar]) => describe(loss, value, bar.dataIndex),
    }),
    // Bars sit on equal categories; a value axis over the same pixels carries labels and marks at their true places.
    xAxis: [
      {type: 'category', data: loss.counts.map((_, index) => index), show: false},
      {
        type: 'value',
        min: low,
        max: high,
        position: 'bottom',
        axisLabel: {
          customValues: ticks,
          color: palette.muted,
          fontFamily: FONT,
          formatter: (tick) => formatPercent(tick, Number.isInteger(tick) ? 0 : 1),
        },
        axisTick: {show: false},
        splitLine: {show: false},
        axisLine: {show: true, lineStyle: {color: palette.line}},
        axisPointer: {show: false},
      },
    ],
    yAxis: {
      type: 'value',
      axisLabel: {show: false},
      axisTick: {show: false},
      axisLine: {show: false},
      splitLine: {lineStyle: {color: palette.line}},
    },
    series: [
      {type: 'bar', data: bars(loss, palette), barCategoryGap: '8%'},
      {
        type: 'line',
        xAxisIndex: 1,
        data: [],
        markLine: {
          symbol: 'none',
          silent: true,
          label: {position: 'end', color: palette.text, fontSize: 12, lineHeight: 15, fontFamily: FONT},
          data: marks(loss, palette, width),
        },
      },
    ],
  };
}
