// One measure over the days whose reports were kept.
import {formatPercent, formatRupeesCompact} from '../money.js';
import {longDay, monthStarts, shortMonth} from './days.js';
import {FONT, tooltip} from './palette.js';

const MINUS = '\u2212';
const plain = (value) => (value < 0 ? MINUS : '') + Math.abs(value).toFixed(2);

export function historyOption({days, values, rupees, percent, name}, palette, {width}) {
  const show = percent ? formatPercent : plain;
  const starts = monthStarts(days, width < 420 ? 4 : 6);
  const isShort = starts.size < 2;
  const describe = (index) => {
    if (values[index] === null) return `${longDay(days[index])}\nno figure`;
    const worth = rupees[index] === null ? '' : ` · ${formatRupeesCompact(rupees[index])}`;
    return `${longDay(days[index])}\n${name}: ${show(values[index])}${worth}`;
  };
  return {
    grid: {left: 52, right: 18, top: 16, bottom: 28},
    tooltip: tooltip(palette, {trigger: 'axis', formatter: ([point]) => describe(point.dataIndex)}),
    xAxis: {
      type: 'category',
      data: days,
      boundaryGap: false,
      axisLabel: {
        color: palette.muted,
        fontFamily: FONT,
        interval: (index) => (isShort ? index === 0 || index === days.length - 1 : starts.has(index)),
        formatter: isShort ? longDay : shortMonth,
        alignMinLabel: 'left',
        alignMaxLabel: 'right',
      },
      axisLine: {lineStyle: {color: palette.line}},
      axisTick: {show: false},
    },
    yAxis: {
      type: 'value',
      // Losses are read against nothing lost; a ratio has no such floor.
      scale: !percent,
      splitNumber: 4,
      axisLabel: {color: palette.muted, fontFamily: FONT, formatter: (value) => (percent ? formatPercent(value, 1) : plain(value))},
      splitLine: {lineStyle: {color: palette.line}},
    },
    series: [
      {
        type: 'line',
        data: values,
        symbol: 'circle',
        symbolSize: 5,
        showSymbol: days.length <= 40,
        lineStyle: {color: palette.strong, width: 1.8},
        itemStyle: {color: palette.strong},
      },
    ],
  };
}
