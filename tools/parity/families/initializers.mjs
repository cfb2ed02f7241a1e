import * as tf from '@tensorflow/tfjs-core';
import {
  fansOf,
  gainOf,
  Initializer,
  InitializerApplicator,
  ParameterSet,
  RandomStreams,
  withLog,
} from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { Mismatch } from '../lib/outcome.mjs';
import { ParityRun } from '../lib/run.mjs';

const STREAM = new RandomStreams(1).stream('initialization');

/** initializers.json: what an applicator makes of parameters, and the distributions of random initializers. */
export function cases({ cases: all, random_initializer_properties: properties = [] }) {
  return [
    ...all.map((fixture) => ({ name: fixture.name, fixture, run: () => applicatorCase(fixture) })),
    ...properties.map((fixture) => ({
      name: `${fixture.type} ${JSON.stringify(fixture.options)} of [${fixture.shape}]`,
      fixture,
      run: () => distributionCase(fixture),
    })),
  ];
}

function applicatorCase({ shapes, initial_fill: fill, config, warnings, uninitialised_log: kept, after, error }) {
  const weights = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, tf.variable(tf.fill(shape, fill))]),
  );
  const set = ParameterSet.of(weights);
  const logged = { info: [], warn: [] };
  const log = { info: (line) => logged.info.push(line), warn: (line) => logged.warn.push(line) };
  const regexes = config.regexes?.map(([pattern, initializer]) => [pattern, inTorchLayout(initializer)]);
  const apply = () => {
    const applicator = build(InitializerApplicator, regexes === undefined ? config : { ...config, regexes });
    withLog(log, () => applicator.apply(set, STREAM));
  };
  if (error !== undefined) return expectError(error, apply);
  apply();
  for (const [name, expected] of Object.entries(after)) {
    compare(expected, { shape: weights[name].shape, data: [...weights[name].dataSync()] }, `after.${name}`, 1e-6);
  }
  compare([...warnings].sort(), logged.warn.sort(), 'warnings', 0);
  const names = logged.info.filter((line) => line.startsWith('   ')).map((line) => line.trim());
  compare(kept, names, 'uninitialised_log', 0);
}

/** What an initializer draws, compared with the numbers that describe its distribution. */
function distributionCase({ type, options, shape, error, ...expected }) {
  const make = () => build(Initializer, inTorchLayout({ type, ...options }));
  if (error !== undefined) return expectError(error, () => make().create(shape, STREAM, 'w'));
  const initializer = make();
  if (expected.fan_in !== undefined) {
    const { fanIn, fanOut } = fansOf(shape, 'torch');
    compare([expected.fan_in, expected.fan_out], [fanIn, fanOut], 'fan_in and fan_out', 0);
  }
  if (expected.gain !== undefined && type.startsWith('kaiming')) {
    compare(expected.gain, gainOf(options.nonlinearity ?? 'leaky_relu', options.a ?? 0), 'gain', 1e-12);
  }
  const draw = (number) => initializer.create(shape, STREAM.at(number), 'w');
  if (type === 'sparse') return compareZeros(expected, draw(0));
  if (type === 'orthogonal') return compareGram(flattened(draw(0)), expected.gain ?? 1, 'gram');
  if (type === 'block_orthogonal') return compareBlocks(options, draw(0));
  compareMoments(expected, shape, draw);
}

const SAMPLES = 200_000;

function compareMoments(expected, shape, draw) {
  const size = shape.reduce((product, length) => product * length, 1);
  const drawn = Array.from({ length: Math.ceil(SAMPLES / size) }, (_, i) => tf.tidy(() => [...draw(i).dataSync()]));
  const values = drawn.flat();
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
  const [low, high] = values.reduce(
    ([min, max], value) => [Math.min(min, value), Math.max(max, value)],
    [Infinity, -Infinity],
  );
  const range = (expected.high ?? expected.bound) - (expected.low ?? -expected.bound);
  for (const [key, wanted, received, tolerance] of [
    ['low', expected.low ?? negative(expected.bound), low, 1e-3 * range],
    ['high', expected.high ?? expected.bound, high, 1e-3 * range],
    // of a uniform distribution: that of its bound
    ['std', expected.std ?? range / Math.sqrt(12), std, 0.01 * (expected.std ?? range)],
    ['mean', expected.mean ?? midpoint(expected), mean, 5 * (std / Math.sqrt(values.length))],
  ]) {
    if (wanted !== undefined && !(Math.abs(wanted - received) <= tolerance)) throw new Mismatch(key, wanted, received);
  }
}

const negative = (bound) => (bound === undefined ? undefined : -bound);
const midpoint = ({ low, high }) => (low === undefined ? 0 : (low + high) / 2);

/** In torch's layout the weights of an input are a column. */
function compareZeros({ zeros_per_column: expected, std }, weight) {
  const zeros = tf.sum(tf.cast(tf.equal(weight, 0), 'int32'), 0);
  compare(
    Array.from({ length: zeros.size }, () => expected),
    [...zeros.dataSync()],
    'zeros per column',
    0,
  );
  const others = [...weight.dataSync()].filter((value) => value !== 0);
  const deviation = Math.sqrt(others.reduce((sum, value) => sum + value ** 2, 0) / others.length);
  if (!(Math.abs(deviation / std - 1) < 5 / Math.sqrt(2 * others.length))) throw new Mismatch('std', std, deviation);
}

function compareBlocks({ split_sizes: sizes, gain = 1 }, weight) {
  const starts = weight.shape.map((length, i) => Array.from({ length: length / sizes[i] }, (_, n) => n * sizes[i]));
  const all = starts.reduce((found, each) => found.flatMap((start) => each.map((at) => [...start, at])), [[]]);
  for (const start of all) {
    compareGram(flattened(tf.slice(weight, start, sizes)), gain, `the gram of the block at [${start}]`);
  }
}

const flattened = (weight) => tf.reshape(weight, [weight.shape[0], -1]);

function compareGram(matrix, gain, at) {
  const wide = matrix.shape[0] <= matrix.shape[1];
  const gram = tf.matMul(matrix, matrix, !wide, wide);
  compare([...tf.mul(tf.eye(gram.shape[0]), gain ** 2).dataSync()], [...gram.dataSync()], at, 2e-6);
}

const WITH_LAYOUT =
  /^(xavier_uniform|xavier_normal|kaiming_uniform|kaiming_normal|orthogonal|block_orthogonal|dirac|sparse)$/;

/** Fixtures have torch's weights: `[out, in, ...kernel]`. */
function inTorchLayout(initializer) {
  const config = typeof initializer === 'string' ? { type: initializer } : initializer;
  return WITH_LAYOUT.test(config.type) ? { ...config, layout: 'torch' } : config;
}

function build(point, config) {
  return new ParityRun({ parameters: ParameterSet.of({}) }).build(point, config);
}
