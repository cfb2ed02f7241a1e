import type { Values } from './values.js';
import { shapes, sizeOf } from './values.js';

/** Scores of classes at each position, and the position's true class. */
export interface ClassScores {
  /** The shape without the dimension of classes: [batch] or [batch, time]. */
  readonly positions: readonly number[];
  readonly classes: number;
  /** The score of a class at a position. */
  readonly score: (position: number, index: number) => number;
  /** The true class of a position. */
  readonly label: (position: number) => number;
}

/**
 * Reads predictions [..., classes] with labels that are class numbers [...] (or [..., 1]), or one-hot [..., classes].
 *
 * @throws DataError (`X_DATA_INVALID`) for labels of another shape.
 */
export function classScores(metric: string, predictions: Values, labels: Values): ClassScores {
  const classes = predictions.shape.at(-1);
  if (predictions.shape.length < 2 || classes === undefined) {
    throw shapes(
      metric,
      `"${predictions.key}"`,
      predictions.shape,
      'class scores in the last dimension: [batch, ..., classes]',
    );
  }
  const positions = predictions.shape.slice(0, -1);
  const score = (position: number, index: number): number => predictions.data[position * classes + index]!;
  const oneHot = classes > 1 && same(labels.shape, predictions.shape);
  if (!oneHot && !same(labels.shape, positions) && !same(labels.shape, [...positions, 1])) {
    const expected = `class numbers [${positions.join(', ')}] or one-hot rows [${predictions.shape.join(', ')}]`;
    throw shapes(metric, `"${labels.key}"`, labels.shape, expected);
  }
  const label = oneHot
    ? (position: number) => largest(classes, (index) => labels.data[position * classes + index]!)
    : (position: number) => labels.data[position]!;
  return { positions, classes, score, label };
}

/** The number of positions. */
export function positionsOf({ positions }: ClassScores): number {
  return sizeOf(positions);
}

/** The index of the largest of `count` scores, the first of equal ones. */
export function largest(count: number, score: (index: number) => number): number {
  let best = 0;
  for (let index = 1; index < count; index++) if (score(index) > score(best)) best = index;
  return best;
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}
