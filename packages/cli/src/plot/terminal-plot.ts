import { plot } from 'simple-ascii-chart';

import { drawable, extent, thin } from './series.js';
import type { PlotOptions, Point, Series } from './series.js';
import { linearTicks, logTicks, tickLabel } from './ticks.js';

/** Characters of the area that curves are drawn in. */
const WIDTH = 72;
const HEIGHT = 15;

/** What the points of each curve are drawn with where there are several. */
const MARKS = ['●', '○', '×', '+', '◆', '◇', '▲', '△'];

/** A plot for a terminal: one curve as a line, several as marks, which a legend explains. */
export function terminalPlot(series: readonly Series[], options: PlotOptions): string {
  const { title, xLabel, yLabel, logX = false } = options;
  const scale = logX ? Math.log10 : (x: number): number => x;
  const curves = series.map(({ points }) => drawable(points, logX).map(([x, y]): Point => [scale(x), y]));
  const all = curves.flat();
  if (all.length === 0) return `${title}: there is nothing to plot`;
  const [left, right] = extent(all.map(([x]) => x));
  const [bottom, top] = extent(all.map(([, y]) => y));
  const yTicks = linearTicks(bottom, top);
  const xTicks = logX
    ? logTicks(10 ** left, 10 ** right).map(Math.log10)
    : linearTicks(left, right).filter((tick) => tick >= left && tick <= right);
  const drawn = plot(
    curves.map((points) => thin(points, WIDTH).map(([x, y]): [number, number] => [x, y])),
    {
      width: WIDTH,
      height: HEIGHT,
      yRange: [Math.min(yTicks[0]!, bottom), Math.max(yTicks.at(-1)!, top)],
      customXAxisTicks: xTicks,
      customYAxisTicks: [...yTicks],
      formatter: (value, { axis }) => tickLabel(axis === 'x' && logX ? 10 ** value : value),
      ...(curves.length > 1 ? { lineFormatter: marks() } : {}),
    },
  );
  const legend = series.length > 1 ? series.map(({ name }, i) => `  ${markOf(i)} ${name}`) : [];
  const lines = drawn.split('\n').map((line) => line.trimEnd());
  return [title, yLabel, ...lines.filter((line) => line !== ''), xLabel.padStart(WIDTH), ...legend].join('\n');
}

interface Place {
  readonly plotX: number;
  readonly plotY: number;
  readonly index: number;
}

/** The library draws curve after curve, each from its first point, and does not say which one it is at. */
function marks(): (place: Place) => { x: number; y: number; symbol: string } {
  let curve = -1;
  return ({ plotX, plotY, index }) => {
    if (index === 0) curve += 1;
    return { x: plotX, y: plotY, symbol: markOf(curve) };
  };
}

function markOf(curve: number): string {
  return MARKS[curve % MARKS.length]!;
}
