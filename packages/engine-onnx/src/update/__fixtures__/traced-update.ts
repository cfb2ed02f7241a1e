import * as tf from '@tensorflow/tfjs-core';
import { NamedState, planUpdate } from '@x/trainer-core';
import type { MovingAverage, Optimizer, ParameterSet } from '@x/trainer-core';
import { traceProgram } from '@x/trainer-core/compiled';

import { comparisonLowerings } from '../../lowering/comparison.js';
import { constantLowerings } from '../../lowering/constants.js';
import { binaryLowerings } from '../../lowering/elementwise-binary.js';
import { unaryLowerings } from '../../lowering/elementwise-unary.js';
import { movementLowerings } from '../../lowering/movement.js';
import { OnnxTarget } from '../../onnx-target.js';
import type { WrittenState } from '../elementwise.js';

/** What elementwise rules call. */
const lowerings = {
  ...unaryLowerings,
  ...binaryLowerings,
  ...comparisonLowerings,
  ...constantLowerings,
  ...movementLowerings,
};

/** What the update of all parameters writes, with gradients that are handed to it; and the numbers of the step. */
export function traceUpdate(
  optimizer: Optimizer,
  movingAverage: MovingAverage | null,
  parameters: ParameterSet,
): { states: WrittenState[]; numbers: Record<string, number> } {
  const state = new NamedState();
  for (const { name, variable } of parameters) state.define(`parameters/${name}`, variable);
  for (const parameter of parameters) {
    const slots = Object.entries(optimizer.state.slotsOf(parameter));
    for (const [slot, variable] of slots) state.define(`slots/${parameter.name}/${slot}`, variable);
  }
  for (const [name, shadow] of movingAverage?.shadows ?? []) state.define(`averages/${name}`, shadow);
  for (const { name, variable } of parameters) {
    tf.tidy(() => state.set(`gradients/${name}`, tf.zeros(variable.shape)));
  }
  try {
    const { program, numbers } = planUpdate({
      optimizer,
      parameters: [...parameters],
      movingAverage,
      batchNumTotal: 3,
      buffers: [],
      guarded: false,
    });
    const { writes, inputs } = traceProgram(new OnnxTarget(lowerings, {}), program, state, { numbers });
    const before = new Map(inputs.map(({ value }) => [value.attributes['name'], value]));
    const states = [...writes].flatMap(([name, after]) =>
      after === null ? [] : [{ name, before: before.get(`state/${name}`)!, after }],
    );
    return { states, numbers };
  } finally {
    state.clearTemporaries();
  }
}
