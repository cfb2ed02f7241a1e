import { STOPS } from './stops.mjs';

const AXES = {
  optimizer: ['sgd', 'adamw', 'multi'],
  average: ['off', 'on'],
  dropout: [false, true],
  data: ['shuffle', 'bucket'],
  scheduler: ['plateau', 'cosine', 'oneCycle'],
};

/** Every combination of the axes on an engine; groups of one and of two batches take turns. */
export function allOn(engine) {
  const all = product(Object.entries(AXES)).map((combination) => ({ engine, ...combination }));
  return all.map((combination, i) => ({ ...combination, group: 1 + ((i + Math.floor(i / 2)) % 2) }));
}

/** What is not on an axis, once each. */
export const OTHERS = [
  { optimizer: 'scheduleFree', average: 'scheduleFree', scheduler: 'none' },
  { optimizer: 'adamw', average: 'swa', scheduler: 'plateau' },
  { optimizer: 'sgd', average: 'off', scheduler: 'none', momentum: true },
  { optimizer: 'adamw', average: 'on', scheduler: 'oneCycle', scaled: true },
  { optimizer: 'sgd', average: 'on', scheduler: 'cosine', data: 'replayable' },
  { optimizer: 'adamw', average: 'on', scheduler: 'plateau', watch: '+loss' },
  { optimizer: 'sgd', average: 'off', scheduler: 'plateau', engine: 'onnxLater', data: 'bucket', group: 1 },
].map((combination) => ({ dropout: true, data: 'shuffle', engine: 'eager', group: 2, ...combination }));

/** Rows { combination, stops } for all stops of all combinations. */
export function everyRow(combinations) {
  return combinations.map((combination) => ({ combination, stops: Object.keys(STOPS) }));
}

/**
 * A few rows in which every pair of values of two axes, the stop and the size of groups among them, is there: greedily, the
 * combination next that brings most new pairs, always the same ones.
 */
export function pairwiseRows(engine) {
  const axes = [...Object.entries(AXES), ['group', [1, 2]], ['stop', Object.keys(STOPS)]];
  const candidates = product(axes);
  const missing = new Set(candidates.flatMap(pairsOf));
  const rows = [];
  while (missing.size > 0) {
    const gains = candidates.map((candidate) => pairsOf(candidate).filter((pair) => missing.has(pair)).length);
    const best = candidates[gains.indexOf(Math.max(...gains))];
    for (const pair of pairsOf(best)) missing.delete(pair);
    const { stop, ...combination } = best;
    rows.push({ combination: { engine, ...combination }, stops: [stop] });
  }
  return rows;
}

/** A combination in a line. */
export function inWords(combination) {
  return Object.entries(combination)
    .map(([axis, value]) => (typeof value === 'boolean' ? `${value ? '' : 'no '}${axis}` : `${axis} ${value}`))
    .join(', ');
}

function product(axes) {
  return axes.reduce(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

function pairsOf(row) {
  const values = Object.entries(row).map(([axis, value]) => `${axis}=${value}`);
  return values.flatMap((value, i) => values.slice(i + 1).map((other) => `${value} ${other}`));
}
