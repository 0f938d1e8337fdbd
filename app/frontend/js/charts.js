// Draws the library charts. Each option builder is a pure function of (data, palette, element size).
import {getInstanceByDom, init} from './charts/echarts.js';
import {correlationOption} from './charts/correlation.js';
import {drawdownOption} from './charts/drawdown.js';
import {historyOption} from './charts/history.js';
import {lossOption} from './charts/loss.js';
import {readPalette} from './charts/palette.js';

const OPTIONS = {loss: lossOption, drawdown: drawdownOption, correlation: correlationOption, history: historyOption};
const resizer = new ResizeObserver((entries) => {
  for (const {target} of entries) getInstanceByDom(target)?.resize();
});
const instances = new Set();

const wantsMotion = () => !matchMedia('(prefers-reduced-motion: reduce)').matches;

export function draw(element, data) {
  const chart = getInstanceByDom(element) ?? init(element);
  instances.add(chart);
  resizer.observe(element);
  const size = {width: element.clientWidth, height: element.clientHeight};
  const option = OPTIONS[element.dataset.chart](data, readPalette(), size);
  chart.setOption({animation: wantsMotion(), animationDuration: 350, ...option}, true);
}

/** Frees charts whose element a swap has taken off the page. */
export function disposeDetached() {
  for (const chart of instances) {
    if (chart.isDisposed() || chart.getDom().isConnected) continue;
    resizer.unobserve(chart.getDom());
    instances.delete(chart);
    chart.dispose();
  }
}
