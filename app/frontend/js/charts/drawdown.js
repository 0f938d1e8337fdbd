// Underwater chart: the fall from the highest point so far, with the high and the low of the deepest fall.
import {formatPercent} from '../money.js';
import {longDay, monthStarts, shortMonth} from './days.js';
import {FONT, niceStep, tooltip} from './palette.js';

/** Keeps a label inside the chart when its point is near an edge. */
function alignment(index, count) {
  if (index < count * 0.15) return 'left';
  return index > count * 0.85 ? 'right' : 'center';
}

function point(day, {days}, falls, label) {
  const index = days.indexOf(day);
  return index < 0 ? [] : [{coord: [index, falls[index]], label: {...label, align: alignment(index, days.length)}}];
}

function points(drawdown, falls, palette) {
  const {peak, trough} = drawdown;
  const label = {color: palette.text, fontSize: 12, fontWeight: 600, fontFamily: FONT};
  const high = {...label, position: 'top', formatter: () => `High ${longDay(peak)}`};
  const low = {...label, position: 'bottom', formatter: ({data}) => formatPercent(data.coord[1], 1)};
  return [
    ...point(peak, drawdown, falls, high).map((mark) => ({...mark, itemStyle: {color: palette.strong}})),
    ...point(trough, drawdown, falls, low),
  ];
}

export function drawdownOption({drawdown}, palette, {width}) {
  const {days} = drawdown;
  const falls = drawdown.fall.map((fall) => (fall === null ? null : -fall));
  const deepest = Math.max(...drawdown.fall.filter((fall) => fall !== null), 0.5);
  const step = niceStep(deepest * 1.1, 5);
  const starts = monthStarts(days, width < 420 ? 4 : 6);
  return {
    grid: {left: 46, right: 14, top: 30, bottom: 28},
    tooltip: tooltip(palette, {
      trigger: 'axis',
      formatter: ([point]) =>
        falls[point.dataIndex] === null
          ? `${longDay(days[point.dataIndex])}\nno price`
          : `${longDay(days[point.dataIndex])}\n${formatPercent(drawdown.fall[point.dataIndex])} below the high`,
    }),
    xAxis: {
      type: 'category',
      data: days,
      boundaryGap: false,
      position: 'bottom',
      axisLabel: {
        color: palette.muted,
        fontFamily: FONT,
        interval: (index) => starts.has(index),
        formatter: shortMonth,
      },
      axisLine: {lineStyle: {color: palette.line}},
      axisTick: {show: false},
    },
    yAxis: {
      type: 'value',
      min: -Math.ceil((deepest * 1.1) / step) * step,
      max: 0,
      interval: step,
      axisLabel: {color: palette.muted, fontFamily: FONT, formatter: (fall) => formatPercent(fall, step < 1 ? 1 : 0)},
      splitLine: {lineStyle: {color: palette.line}},
    },
    series: [
      {
        type: 'line',
        data: falls,
        symbol: 'none',
        lineStyle: {color: palette.strong, width: 1.6},
        areaStyle: {color: palette.quiet, opacity: 0.45},
        markPoint: {
          symbol: 'circle',
          symbolSize: 9,
          silent: true,
          itemStyle: {color: palette.bad, borderColor: palette.card, borderWidth: 2},
          data: points(drawdown, falls, palette),
        },
      },
    ],
  };
}
