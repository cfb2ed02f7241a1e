import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { Coefficients, Hyperparameters, RuleInput, RuleOutput, StateDict } from '@x/trainer-core';

import { contractReport, MomentumDescent, optimizerContract } from './index.js';

const options = { lr: 0.1, momentum: 0.5 };

optimizerContract(
  { describe, it },
  { name: 'MomentumDescent', make: (parameters) => new MomentumDescent(options, parameters) },
);
optimizerContract(
  { describe, it },
  {
    name: 'MomentumDescent in groups',
    make: (parameters) => new MomentumDescent({ ...options, parameterGroups: [[['bias'], { lr: 0.2 }]] }, parameters),
  },
);

class Uphill extends MomentumDescent {
  override update(input: RuleInput): RuleOutput {
    return super.update({ ...input, gradient: tf.neg(input.gradient) });
  }
}

class Forgetful extends MomentumDescent {
  override loadStateDict(state: StateDict): void {
    super.loadStateDict({ ...state, state: {} });
  }
}

/** Its momentum is kept where JSON cannot bring it. */
class Secretive extends MomentumDescent {
  override stateDict(): StateDict {
    return { ...super.stateDict(), hidden: Number.POSITIVE_INFINITY };
  }

  override loadStateDict(state: StateDict): void {
    super.loadStateDict(state['hidden'] === Number.POSITIVE_INFINITY ? state : { ...state, state: {} });
  }
}

class Gullible extends MomentumDescent {
  override loadStateDict(state: StateDict): void {
    try {
      super.loadStateDict(state);
    } catch {
      // as if nothing were wrong
    }
  }
}

class Leaky extends MomentumDescent {
  override update(input: RuleInput): RuleOutput {
    tf.keep(tf.scalar(1));
    return super.update(input);
  }
}

class Stubborn extends MomentumDescent {
  private first: Coefficients | undefined;

  override coefficients(given: Hyperparameters): Coefficients {
    return (this.first ??= super.coefficients(given));
  }
}

class Counting extends MomentumDescent {
  private calls = 0;

  override coefficients(given: Hyperparameters): Coefficients {
    return { ...super.coefficients(given), momentum: 0.1 / (this.calls += 1) };
  }
}

class Greedy extends MomentumDescent {
  override step(gradients: Parameters<MomentumDescent['step']>[0]): void {
    const all = this.groups.flatMap(({ parameters }) => parameters);
    tf.tidy(() =>
      super.step({
        ...Object.fromEntries(all.map(({ name, variable }) => [name, tf.onesLike(variable)])),
        ...gradients,
      }),
    );
  }
}

it.each([
  [Uphill, 'converges on a small convex problem'],
  [Forgetful, 'goes on from a saved state bit for bit, changed options included'],
  [Secretive, 'goes on from a state that went through JSON, tensors aside, and from its own'],
  [Gullible, 'refuses a state of other parameters, groups or shapes with a StateError, and is as it was'],
  [Leaky, 'keeps no tensors of a step'],
  [Stubborn, 'acts on changed options from the next step on'],
  [Counting, 'has a rule that is a function: the same in, the same out, and nothing is changed or disposed'],
  [Greedy, 'leaves a parameter without a gradient alone, and makes no state for it'],
  [Greedy, 'leaves the state of a parameter alone in a step that does not reach it'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    optimizerContract(runner, { name: 'broken', make: (parameters) => new Broken(options, parameters) }),
  );
  expect(Object.keys(failed)).toContain(expected);
});
