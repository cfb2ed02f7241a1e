import * as tf from '@tensorflow/tfjs-core';

import type { Communicator } from '../contracts/communicator.js';
import type { Engine } from '../contracts/engine.js';
import { rowMaskShape } from '../programs/sparse-lookup.js';
import type { NamedState } from '../state/named-state.js';
import type { Parameter } from '../state/parameters.js';

/**
 * Averages `gradients/*` over workers as one flat vector, in the order of the parameters; a parameter that a worker did not
 * reach counts as a gradient of 0. A row is touched if a worker touched it, and a gradient that is dense anywhere is dense.
 * Where all workers reached all parameters and the engine has the gradients as a vector, that one is averaged in place.
 */
export async function allReduceGradients(
  communicator: Communicator,
  engine: Engine,
  state: NamedState,
  parameters: readonly Parameter[],
): Promise<void> {
  if (communicator.worldSize === 1) return;
  const kinds = parameters.flatMap(({ name }) => {
    const reached = state.get(`gradients/${name}`) !== undefined;
    const sparse = state.get(`touchedRows/${name}`) !== undefined;
    return [reached && !sparse ? 1 : 0, sparse ? 1 : 0];
  });
  const parts = parameters.map(({ name, variable }) => ({ name: `gradients/${name}`, shape: variable.shape }));
  const vector = engine.vectorOf(
    state,
    parts.map(({ name }) => name),
  );
  const dense = vector !== null && kinds.every((kind, i) => kind === (i % 2 === 0 ? 1 : 0));
  // all workers must choose the same way
  const { dense: workers } = await communicator.allReduceSum({ dense: Number(dense) });
  if (workers === communicator.worldSize) {
    await communicator.allReduceMean(vector!);
    return;
  }
  const meanKinds = await meanOver(communicator, state, parts, kinds);

  const sparse = parameters.filter((_, i) => meanKinds[2 * i] === 0 && meanKinds[2 * i + 1]! > 0);
  for (const parameter of parameters) if (!sparse.includes(parameter)) state.remove(`touchedRows/${parameter.name}`);
  if (sparse.length === 0) return;
  const masks = sparse.map(({ name, shape }) => ({ name: `touchedRows/${name}`, shape: rowMaskShape(shape) }));
  await meanOver(communicator, state, masks, []);
  tf.tidy(() => {
    for (const { name } of masks) state.set(name, tf.cast(tf.greater(state.get(name)!, 0), 'float32'));
  });
}

/** Replaces temporaries by their means over workers, 0 where a worker has none; `more` goes along and is returned. */
async function meanOver(
  communicator: Communicator,
  state: NamedState,
  parts: readonly { readonly name: string; readonly shape: readonly number[] }[],
  more: readonly number[],
): Promise<Float32Array> {
  const sizes = parts.map(({ shape }) => shape.reduce((size, length) => size * length, 1));
  const flat = new Float32Array(sizes.reduce((total, size) => total + size, 0) + more.length);
  let offset = 0;
  for (const [i, { name }] of parts.entries()) {
    const tensor = state.get(name);
    if (tensor !== undefined) flat.set(await tensor.data(), offset);
    offset += sizes[i]!;
  }
  flat.set(more, offset);
  await communicator.allReduceMean(flat);
  offset = 0;
  for (const [i, { name, shape }] of parts.entries()) {
    const mean = flat.slice(offset, offset + sizes[i]!);
    offset += sizes[i]!;
    tf.tidy(() => state.set(name, tf.tensor(mean, [...shape])));
  }
  return flat.slice(offset);
}
