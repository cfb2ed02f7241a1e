import type * as tf from '@tensorflow/tfjs-core';
import { Optimizer, Parameter, ParameterSet } from '@x/trainer-core';
import type { Coefficients, Hyperparameters, OptimizerOptions, RuleInput, RuleOutput } from '@x/trainer-core';

/** An optimizer of parameters without values: schedulers only see its groups. */
export class FakeOptimizer extends Optimizer {
  constructor(options: OptimizerOptions, names: readonly string[] = ['a', 'b', 'c']) {
    // freezing sets the variable's flag, and messages tell its size: that is all that is needed of it
    const variable = (): tf.Variable => ({ trainable: true, size: 1 }) as tf.Variable;
    super(options, new ParameterSet(names.map((name) => new Parameter(name, variable()))));
  }

  override initialSlots(): Readonly<Record<string, number>> {
    return {};
  }

  override coefficients(options: Hyperparameters): Coefficients {
    return { lr: Number(options['lr']) };
  }

  override update({ parameter }: RuleInput): RuleOutput {
    return { parameter, slots: {} };
  }

  /** A hyperparameter of every group. */
  values(key: string): unknown[] {
    return this.groups.map(({ options }) => options[key]);
  }

  get rates(): unknown[] {
    return this.values('lr');
  }

  /** Whether the parameters of each group are trained. */
  get trainable(): boolean[][] {
    return this.groups.map(({ parameters }) => parameters.map(({ trainable }) => trainable));
  }
}
