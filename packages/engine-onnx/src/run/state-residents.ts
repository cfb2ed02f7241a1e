import type * as tf from '@tensorflow/tfjs-core';
import type { NamedState } from '@x/trainer-core';
import { assignInPlace, tensorOf } from '@x/trainer-core/compiled';

import type { DType } from '../graph/value.js';
import type { Block } from './block.js';
import type { Resident, ResidentBackend } from './resident-backend.js';
import { elementsOf } from './resident-backend.js';

/**
 * The elements under a name of a state, in the engine's memory and the state's alone, so that a program may exchange or
 * overwrite them. What somebody else has put into the state is brought in here, and so acts from then on.
 *
 * @throws RangeError if nothing stands there.
 */
export function residentIn(state: NamedState, name: string, backend: ResidentBackend): Resident {
  const tensor = state.get(name);
  if (tensor === undefined) throw new RangeError(`there is no "${name}" in the state`);
  const resident = backend.residentOf(tensor.dataId);
  if (resident?.references === 1) return resident;
  const block = backend.pool.take(tensor.dtype as DType, tensor.size);
  block.view.set(elementsOf(backend, tensor) as never);
  return makeResident(state, name, backend, block, tensor);
}

/** Puts a block under a name that has none of its own. */
export function makeResident(
  state: NamedState,
  name: string,
  backend: ResidentBackend,
  block: Block,
  { shape, dtype }: { readonly shape: readonly number[]; readonly dtype: string },
): Resident {
  const resident = backend.add(block);
  const info = { dataId: resident.dataId, shape: [...shape], dtype: dtype as tf.DataType };
  const variable = state.variable(name);
  if (variable === undefined) state.adopt(name, tensorOf(info, backend));
  else assignInPlace(variable, info, backend);
  return resident;
}

/** The same for names that are asked for in every step: what was found is remembered, and looked up again when it has changed. */
export class RememberedResidents {
  private readonly known = new Map<string, Resident>();
  private state: NamedState | undefined;

  constructor(private readonly backend: ResidentBackend) {}

  get(state: NamedState, name: string): Resident {
    if (state !== this.state) {
      this.state = state;
      this.known.clear();
    }
    const known = this.known.get(name);
    if (known !== undefined && known.references === 1 && state.get(name)?.dataId === known.dataId) return known;
    const resident = residentIn(state, name, this.backend);
    this.known.set(name, resident);
    return resident;
  }
}
