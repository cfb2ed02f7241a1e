import fs from 'node:fs';
import path from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import {
  BatchList,
  batchSize,
  descriptionFromMetrics,
  evaluateModel,
  groupsOf,
  TrainerError,
  writeJson,
} from '@x/trainer-core';

import { compare, number } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { inFolder } from '../lib/trained-runs.mjs';
import { SumMetric } from '../lib/models.mjs';
import { Mismatch, NotCovered } from '../lib/outcome.mjs';

const RUNS = {
  description_from_metrics: descriptionCase,
  evaluate: evaluateCase,
  lazy_groups_of: groupsCase,
  dump_metrics: (fixture) => inFolder((folder) => dumpCase(fixture, folder)),
  get_batch_size: batchSizeCase,
};

/** util.json: the small functions of the original's `training/util`, by their names there. */
export function cases(content) {
  return Object.entries(RUNS).flatMap(([name, run]) =>
    (content[name] ?? []).map((fixture, i) => ({ name: `${name}[${i}]`, fixture, run: () => run(fixture) })),
  );
}

function descriptionCase({ metrics, result }) {
  compare(result, descriptionFromMetrics(withNumbers(metrics)), 'result', 0);
}

/** The model gives `right` and `total` to its accuracy, and the weight of a batch as `w`. */
async function evaluateCase({ batches, batch_weight_key: key, ok, error }) {
  const model = {
    metrics: [new SumMetric('accuracy', (_, { right, total }) => [tf.scalar(right), tf.scalar(total)])],
    namedVariables: () => ({}),
    forward: ({ loss, weight }) => ({
      ...(loss === undefined ? {} : { loss: tf.scalar(loss) }),
      ...(weight === undefined ? {} : { w: tf.scalar(weight) }),
    }),
  };
  const evaluate = () => evaluateModel(model, new BatchList(batches), key === null ? {} : { batchWeightKey: key });
  if (error !== undefined) return expectError(error, evaluate);
  const metrics = await evaluate().catch((refusal) => {
    throw refusal instanceof TrainerError ? new Mismatch('the outcome', ok, refusal.message) : refusal;
  });
  compare(Object.keys(ok).sort(), Object.keys(metrics).sort(), 'names', 0);
  compare(ok, metrics, 'ok', 1e-6);
}

async function groupsCase({ n, group_size: size, result }) {
  const groups = [];
  const numbers = (async function* () {
    for (let i = 0; i < n; i++) yield { i };
  })();
  for await (const group of groupsOf(numbers, size)) groups.push(group.map(({ i }) => i));
  compare(result, groups, 'result', 0);
}

/** Python writes a whole float as `1.0`, and no line end at the end. */
async function dumpCase({ metrics, file_text: expected }, folder) {
  const file = path.join(folder, 'metrics.json');
  await writeJson(file, withNumbers(metrics));
  const received = fs.readFileSync(file, 'utf8').trimEnd();
  const layout = (text) => text.replace(/-?\d+(\.\d+)?(e[+-]\d+)?/g, '#');
  compare(layout(expected), layout(received), 'file_text', 0);
  compare(JSON.parse(expected), JSON.parse(received), 'the values of file_text', 0);
}

/** Fixtures have `NaN` and infinities as strings. */
function withNumbers(value) {
  if (Array.isArray(value)) return value.map(withNumbers);
  if (value === null || typeof value !== 'object') return number(value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withNumbers(item)]));
}

/** The inputs are told in words: `dict of tensor [3,4]`. */
function batchSizeCase({ input, result }) {
  compare(result, batchSize({ input: described(input) }), 'result', 0);
}

function described(input) {
  const shape = /tensor \[([\d,\s]*)\]/.exec(input)?.[1];
  if (shape !== undefined) {
    const tensor = tf.zeros(shape.split(',').filter(Boolean).map(Number));
    if (/nested/.test(input)) return { a: { b: tensor } };
    return /dict/.test(input) ? { a: tensor } : tensor;
  }
  if (input === 'string') return 'text';
  if (input === 'list') return [1, 2, 3];
  throw new NotCovered(`a batch that is a ${input}`);
}
