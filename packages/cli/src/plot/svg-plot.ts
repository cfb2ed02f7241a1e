import { drawable, extent, thin } from './series.js';
import type { PlotOptions, Point, Series } from './series.js';
import { linearTicks, logTicks, tickLabel } from './ticks.js';

const WIDTH = 760;
const PLOT = { left: 84, right: 732, height: 320 };
/** Width of a character, at most, in the font of the legend. */
const CHARACTER = 7.5;
const LEGEND_ROW = 20;

const COLOURS = ['#2f81f7', '#e36209', '#2da44e', '#c061cb', '#b58900', '#0aa2c0'];
const DASHES = ['none', '8 4', '2 3', '10 3 2 3'];

/** Plain colours first: not every program that draws SVG knows variables or media queries. */
const STYLE = `
    text { fill: #1f2328; font: 13px system-ui, 'DejaVu Sans', sans-serif }
    text.title { font-size: 16px; font-weight: 600 }
    .paper { fill: #ffffff }
    .grid { stroke: #d8dee4 }
    .axis { fill: none; stroke: #1f2328 }
    .curve { fill: none; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .paper { fill: #0d1117 }
      .grid { stroke: #30363d }
      .axis { stroke: #e6edf3 }
    }`;

/** A plot as the text of an SVG file of its own: axes with round numbers, a legend for several curves; for light and dark. */
export function svgPlot(series: readonly Series[], options: PlotOptions): string {
  const { title, xLabel, yLabel, logX = false } = options;
  const curves = series.map(({ points }) => drawable(points, logX));
  const legend = series.length > 1 ? placeLegend(series) : [];
  const top = 52 + (legend.length === 0 ? 0 : legend.at(-1)!.row + 1) * LEGEND_ROW;
  const bottom = top + PLOT.height;
  const x = horizontal(curves, logX);
  const y = vertical(curves, bottom, top);
  const height = bottom + 56;
  const middle = (PLOT.left + PLOT.right) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `  <title>${escape(title)}</title>`,
    `  <style>${STYLE}\n  </style>`,
    `  <rect class="paper" width="${WIDTH}" height="${height}"/>`,
    `  <text class="title" x="${middle}" y="30" text-anchor="middle">${escape(title)}</text>`,
    ...legend.flatMap(({ name, left, row }, i) => {
      const baseline = 56 + row * LEGEND_ROW;
      return [
        `  <path class="curve" ${look(i)} d="M${left} ${baseline - 4}h28"/>`,
        `  <text x="${left + 34}" y="${baseline}">${escape(name)}</text>`,
      ];
    }),
    ...y.ticks.flatMap((tick) => [
      `  <path class="grid" d="M${PLOT.left} ${y.at(tick)}H${PLOT.right}"/>`,
      `  <text x="${PLOT.left - 8}" y="${round(y.at(tick) + 4.5)}" text-anchor="end">${tickLabel(tick)}</text>`,
    ]),
    ...x.ticks.flatMap((tick) => [
      `  <path class="axis" d="M${x.at(tick)} ${bottom}v6"/>`,
      `  <text x="${x.at(tick)}" y="${bottom + 22}" text-anchor="middle">${tickLabel(tick)}</text>`,
    ]),
    `  <path class="axis" d="M${PLOT.left} ${top}V${bottom}H${PLOT.right}"/>`,
    `  <text x="${middle}" y="${bottom + 44}" text-anchor="middle">${escape(xLabel)}</text>`,
    `  <text transform="translate(20 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text>`,
    ...curves.map((points, i) => curve(points, i, x, y)),
    '</svg>',
    '',
  ].join('\n');
}

interface Axis {
  readonly ticks: readonly number[];
  /** The coordinate of a value. */
  at(value: number): number;
}

function horizontal(curves: readonly (readonly Point[])[], logX: boolean): Axis {
  const [low, high] = extent(
    curves.flat().map(([x]) => x),
    logX ? [1, 10] : [0, 1],
  );
  const scale = logX ? Math.log10 : (value: number): number => value;
  const ticks = logX ? logTicks(low, high) : linearTicks(low, high, 8).filter((tick) => tick >= low && tick <= high);
  return { ticks, at: along(scale(low), scale(high), PLOT.left, PLOT.right, scale) };
}

function vertical(curves: readonly (readonly Point[])[], bottom: number, top: number): Axis {
  const ticks = linearTicks(...extent(curves.flat().map(([, y]) => y)));
  return { ticks, at: along(ticks[0]!, ticks.at(-1)!, bottom, top) };
}

function along(
  low: number,
  high: number,
  from: number,
  to: number,
  scale: (value: number) => number = (value) => value,
): (value: number) => number {
  return (value) => round(from + ((scale(value) - low) / (high - low || 1)) * (to - from));
}

/** A single point is a dot. */
function curve(points: readonly Point[], index: number, x: Axis, y: Axis): string {
  const places = points.map(([px, py]): Point => [x.at(px), y.at(py)]);
  const path = thin(places, PLOT.right - PLOT.left).map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${px} ${py}`);
  return `  <path class="curve" ${look(index)} d="${path.join('')}${path.length === 1 ? 'z' : ''}"/>`;
}

function look(index: number): string {
  const colour = COLOURS[index % COLOURS.length]!;
  return `stroke="${colour}" stroke-dasharray="${DASHES[index % DASHES.length]!}"`;
}

interface LegendEntry {
  readonly name: string;
  readonly left: number;
  readonly row: number;
}

/** Entries from left to right, in as many rows as they need. */
function placeLegend(series: readonly Series[]): LegendEntry[] {
  let [left, row] = [PLOT.left, 0];
  return series.map(({ name }) => {
    const width = 34 + name.length * CHARACTER + 18;
    if (left > PLOT.left && left + width > PLOT.right) [left, row] = [PLOT.left, row + 1];
    const entry = { name, left, row };
    left += width;
    return entry;
  });
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
