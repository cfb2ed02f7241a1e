import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type {
  Coefficients,
  HostScalars,
  Hyperparameters,
  InitialSlot,
  ParameterSet,
  RuleInput,
  RuleOutput,
  StateDict,
} from '@x/trainer-core';
import { Optimizer, StateError } from '@x/trainer-core';

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

/** Everything that an optimizer may have: slots of other shapes, one that an option calls for, and a host scalar. */
class Rich extends Optimizer {
  override initialSlots({ momentum }: Hyperparameters, [rows]: readonly number[]): Record<string, InitialSlot> {
    return { start: 'parameter', counts: { shape: [rows!], fill: 2 }, ...(momentum === 0 ? {} : { velocity: 0 }) };
  }

  override optionalSlots(): Record<string, InitialSlot> {
    return { velocity: 0 };
  }

  override initialScalars(): HostScalars {
    return { rate: 0.1 };
  }

  override coefficients({ momentum }: Hyperparameters, _step: number, { rate }: HostScalars): Coefficients {
    return { lr: rate!, momentum: momentum === 0 ? undefined : Number(momentum) };
  }

  override nextScalars({ lr }: Hyperparameters, step: number): HostScalars {
    return { rate: Number(lr) / (1 + step / 1000) };
  }

  override update({ parameter, gradient, slots, coefficients: c, touchedRows }: RuleInput): RuleOutput {
    const { start, counts, velocity } = slots as Record<string, tf.Tensor>;
    const touched = (next: tf.Tensor, before: tf.Tensor): tf.Tensor =>
      tf.add(before, tf.mul(touchedRows ?? 1, tf.sub(next, before)));
    const next = velocity && touched(tf.add(tf.mul(velocity, c['momentum']!), gradient), velocity);
    return {
      parameter: touched(tf.sub(parameter, tf.mul(next ?? gradient, c['lr']!)), parameter),
      slots: { start: start!, counts: tf.add(counts!, 1), ...(next && { velocity: next }) },
    };
  }
}

const rich = {
  make: (parameters: ParameterSet) => new Rich(options, parameters),
  change: (given: Hyperparameters) => {
    given['momentum'] = 0.25;
  },
};
optimizerContract({ describe, it }, { name: 'Rich', ...rich });
optimizerContract({ describe, it }, { name: 'Rich with row-sparse gradients', ...rich, rowSparse: true });

/** Its rate falls whenever it is asked. */
class Eager extends Rich {
  private rate = 0.1;

  override nextScalars(): HostScalars {
    return { rate: (this.rate /= 2) };
  }
}

class Hasty extends Rich {
  override update(input: RuleInput): RuleOutput {
    this.state.advance(this.groups[0]!.parameters[0]!);
    return super.update(input);
  }
}

class Strict extends Rich {
  override loadStateDict(state: StateDict): void {
    const all = Object.values(state['state'] as Record<string, StateDict>);
    if (!all.every(({ slots }) => 'velocity' in (slots as StateDict))) throw new StateError('X_STATE_MISMATCH', 'no');
    super.loadStateDict(state);
  }
}

class Dense extends Rich {
  override update(input: RuleInput): RuleOutput {
    return super.update({ ...input, touchedRows: undefined });
  }
}

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
  [Eager, 'has a rule that is a function: the same in, the same out, and nothing is changed or disposed'],
  [Hasty, 'counts a step, and moves its host scalars on, when the step is committed and not before'],
  [Strict, 'loads a state with and without the slots that only some options call for'],
  [Dense, 'leaves the rows that a gradient does not touch, and their state, alone'],
])('finds what is wrong with %p', async (Broken, expected) => {
  const { failed } = await contractReport((runner) =>
    optimizerContract(runner, {
      name: 'broken',
      make: (parameters) => new Broken(options, parameters),
      rowSparse: Broken === Dense,
    }),
  );
  expect(Object.keys(failed)).toContain(expected);
});
