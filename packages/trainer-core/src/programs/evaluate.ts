import type { Batch, Outputs } from '../contracts/batch.js';
import type { Program } from '../contracts/engine.js';

/** One batch through the model, not in training: all its outputs leave, nothing is written. */
export function evaluateProgram(outputs: (batch: Batch) => Outputs): Program {
  return {
    name: 'evaluate',
    key: '',
    guards: [],
    run: ({ batch }) => outputs(batch),
  };
}
