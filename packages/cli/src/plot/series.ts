/** A named curve. Points are in the order of x; those that are not finite are left out of a plot. */
export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export type Point = readonly [x: number, y: number];

export interface PlotOptions {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Whether x has a logarithmic axis; points with x <= 0 are left out. Default false. */
  readonly logX?: boolean;
}

/** A range of numbers. */
export type Extent = readonly [low: number, high: number];

/** The smallest and the largest of some numbers, or `none` where there are no numbers. */
export function extent(values: readonly number[], none: Extent = [0, 1]): Extent {
  if (values.length === 0) return none;
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
}

/** The points that can be drawn. */
export function drawable(points: readonly Point[], logX = false): readonly Point[] {
  return points.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y) && (!logX || x > 0));
}

/**
 * Fewer points that look the same: of those that fall into one of `columns` columns, the first, the last, the lowest and
 * the highest.
 *
 * @param points in the order of x.
 */
export function thin(points: readonly Point[], columns: number): readonly Point[] {
  if (points.length <= columns) return points;
  const [low, high] = extent(points.map(([x]) => x));
  const columnOf = (x: number): number => Math.min(columns - 1, Math.floor(((x - low) / (high - low || 1)) * columns));
  const byColumn = new Map<number, Point[]>();
  for (const point of points) {
    const column = columnOf(point[0]);
    const others = byColumn.get(column);
    if (others === undefined) byColumn.set(column, [point]);
    else others.push(point);
  }
  return [...byColumn.values()].flatMap(outline);
}

function outline(points: readonly Point[]): Point[] {
  const lowest = points.reduce((a, b) => (b[1] < a[1] ? b : a));
  const highest = points.reduce((a, b) => (b[1] > a[1] ? b : a));
  const kept = new Set([points[0]!, lowest, highest, points.at(-1)!]);
  return points.filter((point) => kept.has(point));
}
