import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { MomentumDescent } from '../__fixtures__/small-run.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import type { ModelLike } from '../contracts/model.js';
import { NonFiniteError } from '../errors.js';
import { withLog } from '../log.js';
import { ParameterSet } from '../state/parameters.js';
import type { PartialObjects } from './gradient-descent-options.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

class Scaled implements ModelLike {
  readonly w = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));

  constructor(private readonly loss: (w: tf.Tensor, x: tf.Tensor) => tf.Tensor) {}

  namedVariables(): Record<string, tf.Variable> {
    return { w: this.w };
  }

  forward({ x }: Batch): Outputs {
    return { loss: tf.sum(this.loss(this.w, x as tf.Tensor)) };
  }
}

/** What a run says of the first value that is not finite; the first step is fine. */
async function explained(
  loss: (w: tf.Tensor, x: tf.Tensor) => tf.Tensor,
  bad: readonly number[],
  options: Partial<Omit<PartialObjects, 'optimizer'>> = {},
): Promise<string> {
  const model = new Scaled(loss);
  const before = model.w.dataSync().slice();
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 1 }, ParameterSet.of(model.namedVariables())),
    dataLoader: [{ x: tf.tensor1d([0, 0]) }, { x: tf.tensor1d([...bad]) }],
    numEpochs: 1,
    detectAnomaly: true,
    ...options,
  });
  const warnings: string[] = [];
  const error: unknown = await withLog({ info: () => undefined, warn: (text) => void warnings.push(text) }, () =>
    trainer.train().catch((caught: unknown) => caught),
  );
  if (!(error instanceof NonFiniteError)) return warnings.join('\n');
  expect(model.w.dataSync()).toEqual(before);
  return error.message;
}

const HERE = 'anomaly\\.test\\.ts:\\d+:\\d+';

it('names the op of the forward pass that gave it, the line, and its inputs', async () => {
  // the gradient is 0 in the first step, in which x is 0
  const message = await explained((w, x) => tf.mul(x, tf.log(tf.sub(w, x))), [3, 0]);
  expect(message).toMatch(
    new RegExp(
      `the loss is NaN in step 2; .* The first op that gives NaN is Log \\((src/training/)?${HERE}\\); ` +
        'x is the result of Sub \\(.*\\) \\(float32 \\[2\\], finite, from -2 to 2\\)',
    ),
  );
});

it('names an op of the backward pass as such', async () => {
  // d sqrt(u) / du is infinite at u = 0
  const message = await explained((w, x) => tf.sqrt(tf.mul(w, x)), [0, 0]);
  expect(message).toMatch(/the gradients of "w" are not finite in step 1/);
  expect(message).toMatch(/The first op that gives NaN is Multiply \(not in the forward pass\)/);
  expect(message).toMatch(/The first op that gives an infinite value is RealDiv \(not in the forward pass\)/);
});

it('says of what came in with the batch that it did', async () => {
  const message = await explained((w, x) => tf.mul(w, x), [1, NaN]);
  expect(message).toMatch(
    /Multiply \(.*\) is given NaN with "x" of the batch; .*b is "x" of the batch \(float32 \[2\], 1 NaN of 2\)/,
  );
});

it('an infinite value is named where nothing is NaN, and before it where it made NaN', async () => {
  expect(await explained((w, x) => tf.exp(tf.mul(w, x)), [0, 500], { nonFinite: { gradients: 'ignore' } })).toMatch(
    /the loss is Infinity in step 2; .* The first op that gives an infinite value is Exp \(/,
  );
  const both = await explained((w, x) => tf.mul(tf.sub(w, w), tf.exp(x)), [0, 500]);
  expect(both).toMatch(
    /The first op that gives NaN is Multiply \(.*\. The first op that gives an infinite value is Exp \(/,
  );
});

it('explains weights by the update that made them', async () => {
  const model = new Scaled((w, x) => tf.mul(w, x));
  const trainer = new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: Infinity }, ParameterSet.of(model.namedVariables())),
    dataLoader: [{ x: tf.tensor1d([1, 2]) }],
    detectAnomaly: true,
  });
  await expect(trainer.train()).rejects.toThrow(
    /the weights of "w" are not finite in step 1; .* Multiply \(.*b is a constant \(float32 \[\], 1 infinite of 1\)/,
  );
});

it('with skip the run goes on, and the first step that is left out is explained', async () => {
  const warning = await explained((w, x) => tf.mul(x, tf.log(tf.sub(w, x))), [3, 0], { nonFinite: { loss: 'skip' } });
  expect(warning).toMatch(
    /the loss is NaN in step 2; .*; it is skipped, and so is every further one\. The first op that gives NaN is Log/,
  );
});

it('where the step cannot be computed again, what was found is the error all the same', async () => {
  let calls = 0;
  const message = await explained(
    (w, x) => {
      calls += 1;
      if (calls > 2) throw new RangeError('out of memory');
      return tf.mul(w, x);
    },
    [NaN, 0],
  );
  expect(message).toMatch(/^the loss is NaN in step 2; .*Computing the step again op by op failed: .*out of memory/);
});

it('leaves tfjs and the number of tensors as they were', async () => {
  const fine = tf.memory().numTensors;
  await explained((w, x) => tf.mul(w, x), [1, 1]);
  const kept = tf.memory().numTensors - fine;
  await explained((w, x) => tf.mul(w, x), [1, NaN]);
  expect(tf.memory().numTensors - fine).toBe(2 * kept);
  expect(Object.hasOwn(tf.engine(), 'runKernel')).toBe(false);
});
