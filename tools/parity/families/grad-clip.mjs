import * as tf from '@tensorflow/tfjs-core';
import { GradientDescentTrainer, LazyPart, Optimizer, ModelParameters } from '@x/trainer-core';

import { compare, number } from '../lib/compare.mjs';
import { tensor } from '../lib/tensors.mjs';

/** grad_clip.json, through a trainer whose model has exactly the gradients of the fixture: an optimizer records them. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => clipCase(fixture) }));
}

class RecordingOptimizer extends Optimizer {
  received = {};

  initialSlots() {
    return {};
  }

  coefficients() {
    return {};
  }

  update({ gradient, parameter, slots }) {
    const name = this.nameOf(parameter);
    this.received[name] = [...gradient.dataSync()];
    return { parameter, slots };
  }

  nameOf(parameter) {
    return this.groups[0].parameters.find(({ variable }) => variable.dataId === parameter.dataId).name;
  }
}

async function clipCase({ kind, grads, max_norm: maxNorm, clip, returned_norm: norm, after }) {
  const weights = Object.fromEntries(
    grads.map((gradient, i) => [`p${i}`, tf.variable(tf.ones(gradient?.shape ?? [2]))]),
  );
  const gradients = grads.map((gradient) => (gradient === null ? null : tensor(gradient)));
  // The gradient of a custom op is whatever we say: it must reach the trainer unchanged, non-finite values included.
  const withGradient = (variable, gradient) =>
    tf.customGrad((x) => ({ value: tf.sum(tf.zerosLike(x)), gradFunc: () => [gradient] }))(variable);
  const model = {
    namedVariables: () => weights,
    forward: () => {
      const terms = gradients.flatMap((gradient, i) =>
        gradient === null ? [] : [withGradient(weights[`p${i}`], gradient)],
      );
      return { loss: terms.length === 0 ? tf.scalar(0) : tf.addN(terms) };
    },
  };
  const trainer = GradientDescentTrainer.fromPartialObjects({
    model,
    dataLoader: [{ x: tf.scalar(0) }],
    optimizer: new LazyPart((run) => new RecordingOptimizer({ lr: 0 }, run.get(ModelParameters))),
    numEpochs: 1,
    gradNorm: kind === 'grad_norm' ? maxNorm : null,
    gradClipping: kind === 'grad_clipping' ? (clip ?? maxNorm) : null,
    callbacks: [],
  });
  if (gradients.every((gradient) => gradient === null)) return;
  let received;
  trainer.rescaleGradients = async () =>
    (received = await GradientDescentTrainer.prototype.rescaleGradients.call(trainer));
  await trainer.train();
  if (kind === 'grad_norm') compare(norm, received ?? null, 'returned_norm', 2e-6);
  after.forEach((expected, i) => {
    if (expected !== null) compare(expected.data.map(number), trainer.optimizer.received[`p${i}`], `after[${i}]`, 2e-6);
  });
}
