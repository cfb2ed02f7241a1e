import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { ConfigError, ParameterSet } from '@x/trainer-core';

import { expectClose } from './__fixtures__/fixture.js';
import { Muon } from './index.js';
import { newtonSchulz, newtonSchulzCoefficients } from './newton-schulz.js';

/** The weights after three steps of Muon with the same gradient, from ones of that shape. */
function trained(
  shape: [number, number],
  layout: 'tfjs' | 'torch',
  adjustLrFn: 'original' | 'match_rms_adamw',
): tf.Tensor {
  const w = tf.variable(tf.ones(shape));
  const optimizer = new Muon({ lr: 0.1, layout, adjustLrFn }, ParameterSet.of({ w }));
  for (let i = 0; i < 3; i++) tf.tidy(() => optimizer.step({ w: gradientOf(shape, layout) }));
  return w;
}

/** As a layer of 5 inputs and 2 outputs has it, or of 2 and 5: the same numbers in both layouts. */
function gradientOf([rows, columns]: [number, number], layout: 'tfjs' | 'torch'): tf.Tensor {
  const asTorch = layout === 'torch' ? [rows, columns] : [columns, rows];
  const gradient = tf.reshape(tf.sin(tf.range(0, rows * columns)), asTorch);
  return layout === 'torch' ? gradient : tf.transpose(gradient);
}

it.each([
  [[5, 2], 'original'],
  [[2, 5], 'original'],
  [[5, 2], 'match_rms_adamw'],
] as const)(
  'a layer of shape %p [in, out] trains as its transpose does with the layout of torch (%s)',
  ([a, b], fn) => {
    const ours = trained([a, b], 'tfjs', fn);
    const transposed = tf.transpose(trained([b, a], 'torch', fn));
    expectClose({ w: [...transposed.dataSync()] }, { w: ours });
  },
);

it('Newton-Schulz brings singular values near 1 and keeps singular vectors', () => {
  const diagonal = tf.tensor2d([
    [0.9, 0, 0],
    [0, -0.3, 0],
  ]);
  const coefficients = Object.entries(newtonSchulzCoefficients([3.4445, -4.775, 2.0315], 5));
  const scalars = [...coefficients, ['smallestNorm', 1e-7] as const].map(([name, value]) => [name, tf.scalar(value)]);
  const result = newtonSchulz(diagonal, Object.fromEntries(scalars) as Record<string, tf.Scalar>).arraySync();
  const [[first, ...zeros], [zero, second, third]] = result as [[number, number, number], [number, number, number]];
  expect([...zeros, zero, third]).toEqual([0, 0, 0, 0]);
  // the iteration ends between about 0.7 and 1.2
  for (const value of [first, -second]) expect(Math.abs(value - 1)).toBeLessThan(0.35);
});

it('is for matrices only', () => {
  const parameters = ParameterSet.of({ w: tf.variable(tf.ones([2, 2])), kernel: tf.variable(tf.ones([2, 3, 2])) });
  expect(() => new Muon({}, parameters)).toThrow(ConfigError);
  expect(() => new Muon({}, parameters)).toThrow(/received kernel \[2,3,2\]; use the optimizer "multi"/);
});

it('does not mind frozen parameters that are no matrices', () => {
  const parameters = ParameterSet.of({ w: tf.variable(tf.ones([2, 2])), bias: tf.variable(tf.ones([2])) });
  expect(() => new Muon({ parameterGroups: [[['bias'], { requiresGrad: false }]] }, parameters)).not.toThrow();
});

it('holds one iteration at a time: more of them need no more memory', async () => {
  const peakOf = async (nsSteps: number): Promise<number> => {
    const w = tf.variable(tf.ones([8, 8]));
    const optimizer = new Muon({ nsSteps }, ParameterSet.of({ w }));
    const gradient = tf.ones([8, 8]);
    optimizer.step({ w: gradient });
    const before = tf.memory().numBytes;
    const { peakBytes } = await tf.profile(() => optimizer.step({ w: gradient }));
    return peakBytes - before;
  };
  const scalarsPerIteration = 3 * 4;
  expect(await peakOf(12)).toBe((await peakOf(2)) + 10 * scalarsPerIteration);
});
