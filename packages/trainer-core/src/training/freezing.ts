import { StateError } from '../errors.js';
import type { ParameterSet } from '../state/parameters.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** Which parameters are frozen: a callback may change that during training. */
export class Freezing implements Stateful {
  constructor(private readonly parameters: ParameterSet) {}

  stateDict(): StateDict {
    return { frozen: [...this.parameters].flatMap(({ name, trainable }) => (trainable ? [] : [name])) };
  }

  /** @throws StateError (`X_STATE_MISMATCH`) for parameters that are not there. */
  loadStateDict(state: StateDict): void {
    const frozen = new Set(readState(state, 'frozen', 'array').map(String));
    const unknown = [...frozen].filter((name) => this.parameters.get(name) === undefined);
    if (unknown.length > 0) {
      throw new StateError('X_STATE_MISMATCH', `frozen parameters are not in the model: ${unknown.join(', ')}`);
    }
    for (const parameter of this.parameters) {
      const trainable = !frozen.has(parameter.name);
      // `trainable` of a layer's variable notifies its layer
      if (parameter.trainable !== trainable) parameter.trainable = trainable;
    }
  }
}
