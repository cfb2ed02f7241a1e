import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { StateDict } from '@x/trainer-core';
import { MovingAverage } from '@x/trainer-core';

import { contractReport, movingAverageContract } from './index.js';

/** The mean of the average and the parameter. */
class Halfway extends MovingAverage {
  override coefficients(): Record<string, number> {
    return { half: 0.5 };
  }

  override update(shadow: tf.Tensor, parameter: tf.Tensor, { half }: Readonly<Record<string, tf.Scalar>>): tf.Tensor {
    return tf.add(shadow, tf.mul(half!, tf.sub(parameter, shadow)));
  }
}

movingAverageContract({ describe, it }, { name: 'Halfway', make: (parameters) => new Halfway(parameters) });

class Overshooting extends Halfway {
  override coefficients(): Record<string, number> {
    return { half: 1.5 };
  }
}

class Fading extends Halfway {
  override update(...inputs: Parameters<Halfway['update']>): tf.Tensor {
    return tf.add(super.update(...inputs), 0.1);
  }
}

class OneWay extends Halfway {
  override restore(): void {}
}

class Forgetful extends Halfway {
  override loadStateDict(): void {}
}

class Leaky extends Halfway {
  override dispose(): void {}
}

it.each([
  [Overshooting, 'changes averages, not parameters, and comes between what was and what is'],
  [Fading, 'stays where the parameters stay'],
  [OneWay, 'takes the place of the parameters, and gives it back bit for bit'],
  [Forgetful, 'goes on from a saved state bit for bit'],
  [Forgetful, 'refuses a state without its entries or of other shapes with a StateError, and is as it was'],
  [Leaky, 'starts as a copy of the parameters'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    movingAverageContract(runner, { name: 'broken', make: (parameters) => new Broken(parameters) }),
  );
  expect(Object.keys(failed)).toContain(expected);
});

it('tells a state that a subclass loads by halves', async () => {
  class ByHalves extends Halfway {
    override loadStateDict(state: StateDict): void {
      const [name, variable] = [...this.shadows][0]!;
      const saved = (state['shadows'] as Readonly<Record<string, tf.Tensor>> | undefined)?.[name];
      tf.tidy(() => variable.assign(tf.zerosLike(variable)));
      if (saved?.shape.join() === variable.shape.join()) variable.assign(saved);
      super.loadStateDict(state);
    }
  }
  const { failed } = await contractReport((runner) =>
    movingAverageContract(runner, { name: 'broken', make: (parameters) => new ByHalves(parameters) }),
  );
  expect(Object.keys(failed)).toEqual([
    'refuses a state without its entries or of other shapes with a StateError, and is as it was',
  ]);
});
