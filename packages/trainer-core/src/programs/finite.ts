import * as tf from '@tensorflow/tfjs-core';

import type { Program } from '../contracts/engine.js';

/** The state that is looked at. */
export type Watched = 'gradients' | 'parameters';

/** The guard of {@link finiteProgram}: one element per name, NaN where the tensor under it is not finite, else 0. */
export function finiteGuard(watched: Watched): string {
  return `nonFinite/${watched}`;
}

/** Looks whether the gradients or weights under these names are finite, and is not committed unless all of them are. */
export function finiteProgram(watched: Watched, names: readonly string[]): Program {
  return {
    name: `finite ${watched}`,
    key: JSON.stringify(names),
    guards: [finiteGuard(watched)],
    run(_, state) {
      const marks = names.map((name) => {
        const value = state.read(`${watched}/${name}`);
        // a sum of the values themselves may overflow where none of them has
        return value === undefined ? tf.scalar(0) : tf.sum(tf.mul(value, 0));
      });
      return { [finiteGuard(watched)]: marks.length === 0 ? tf.zeros([0]) : tf.stack(marks) };
    },
  };
}
