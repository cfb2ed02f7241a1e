import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { Optimizer } from '../contracts/optimizer.js';
import type { Coefficients, RuleInput, RuleOutput } from '../contracts/optimizer.js';
import type { Batch, Outputs } from '../contracts/batch.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

/** p -= lr * g, nothing else. */
class PlainDescent extends Optimizer {
  override initialSlots(): Record<string, number> {
    return {};
  }

  override coefficients(options: Record<string, unknown>): Coefficients {
    return { lr: Number(options['lr']) };
  }

  override update({ parameter, gradient, coefficients }: RuleInput): RuleOutput {
    return { parameter: tf.sub(parameter, tf.mul(gradient, coefficients['lr']!)), slots: {} };
  }
}

/** loss = (w - target)^2 */
function quadratic(): {
  w: tf.Variable;
  forward(batch: Batch): Outputs;
  namedVariables(): Record<string, tf.Variable>;
} {
  const w = tf.variable(tf.scalar(0));
  return {
    w,
    forward: ({ target }) => ({ loss: tf.square(tf.sub(w, target as tf.Tensor)) }),
    namedVariables: () => ({ w }),
  };
}

describe('GradientDescentTrainer', () => {
  it('follows w <- w - 2 lr (w - target), written out by hand', async () => {
    const model = quadratic();
    const batches = [{ target: tf.scalar(1) }, { target: tf.scalar(3) }];
    const trainer = new GradientDescentTrainer({
      model,
      optimizer: new PlainDescent({ lr: 0.1 }, ParameterSet.of(model.namedVariables())),
      dataLoader: batches,
      numEpochs: 2,
    });
    const metrics = await trainer.train();
    // w: 0 -> 0.2 -> 0.76 -> 0.808 -> 1.2464
    expect((await model.w.data())[0]).toBeCloseTo(1.2464, 6);
    expect(metrics['training_loss']).toBeCloseTo((0.24 ** 2 + 2.192 ** 2) / 2, 5);
  });
});
