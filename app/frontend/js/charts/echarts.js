// The parts of ECharts that the screen uses.
import {BarChart, HeatmapChart, LineChart} from 'echarts/charts';
import {
  AriaComponent,
  GridComponent,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
} from 'echarts/components';
import {getInstanceByDom, init, use} from 'echarts/core';
import {CanvasRenderer} from 'echarts/renderers';

use([
  AriaComponent,
  BarChart,
  CanvasRenderer,
  GridComponent,
  HeatmapChart,
  LineChart,
  MarkLineComponent,
  MarkPointComponent,
  TooltipComponent,
  VisualMapComponent,
]);

export {getInstanceByDom, init};
