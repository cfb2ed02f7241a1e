import * as tf from '@tensorflow/tfjs-core';

import type { TensorMap } from '../contracts/batch.js';
import type { Parameter } from '../state/parameters.js';

interface Lookup {
  readonly table: tf.Tensor;
  readonly indices: tf.Tensor;
  readonly rows: tf.Tensor;
}

let recorded: Lookup[] | null = null;

/**
 * Rows of a table, as `tf.gather` along the first axis, whose gradient is *row-sparse*: an optimizer is told which rows
 * were looked up, and `sparse_adam` and its kin leave the others and their state alone (torch's `Embedding` with
 * `sparse=True`). For use in a model's forward pass.
 *
 * A table that the loss depends on in any other way too has a dense gradient.
 *
 * @param table a parameter of the model, of shape [rows, ...]; the variable itself, nothing computed from it.
 * @param indices int32 of any shape, in [0, rows).
 * @returns a tensor of shape [...indices' shape, ...the shape of a row].
 */
export function sparseLookup(table: tf.Tensor, indices: tf.Tensor): tf.Tensor {
  const rows = tf.gather(table, indices);
  recorded?.push({ table, indices, rows });
  return rows;
}

/** Runs a forward pass and notes its lookups. */
export function recordLookups<R>(forward: () => R): { result: R; lookups: readonly Lookup[] } {
  const outer = recorded;
  const lookups: Lookup[] = [];
  recorded = lookups;
  try {
    return { result: forward(), lookups };
  } finally {
    recorded = outer;
  }
}

/**
 * For each parameter that a scalar depends on through lookups alone: 1 for every row that they touch, 0 for the others,
 * of shape [rows, 1, ...]. Called where the scalar was computed: it reads the tape.
 */
export function touchedRows(
  objective: tf.Tensor,
  lookups: readonly Lookup[],
  parameters: readonly Parameter[],
): TensorMap {
  if (lookups.length === 0) return {};
  const { reached, otherwise } = dependencies(objective, new Set(lookups.map(({ rows }) => rows.id)));
  const touched: TensorMap = {};
  for (const { name, variable } of parameters) {
    const own = lookups.filter(({ table, rows }) => table.id === variable.id && reached.has(rows.id));
    if (own.length > 0 && !otherwise.has(variable.id)) {
      touched[name] = rowMask(
        variable.shape,
        own.map(({ indices }) => indices),
      );
    }
  }
  return touched;
}

/** The tensors that a scalar depends on, and those of them that it depends on other than through the given ones. */
function dependencies(
  objective: tf.Tensor,
  through: ReadonlySet<number>,
): { reached: ReadonlySet<number>; otherwise: ReadonlySet<number> } {
  const reached = new Set([objective.id]);
  const otherwise = new Set<number>();
  for (const { inputs, outputs } of [...(tf.engine().state.activeTape ?? [])].reverse()) {
    if (!outputs.some(({ id }) => reached.has(id))) continue;
    const isLookup = outputs.some(({ id }) => through.has(id));
    for (const { id } of Object.values(inputs)) {
      reached.add(id);
      if (!isLookup) otherwise.add(id);
    }
  }
  return { reached, otherwise };
}

function rowMask(tableShape: readonly number[], indices: readonly tf.Tensor[]): tf.Tensor {
  return tf.tidy(() => {
    const all = tf.concat(indices.map((each) => tf.reshape(tf.cast(each, 'int32'), [-1, 1])));
    const counts = tf.scatterND(all, tf.ones([all.shape[0]]), [tableShape[0]!]);
    return tf.reshape(tf.minimum(counts, 1), rowMaskShape(tableShape));
  });
}

/** The shape of a mask over the rows of a table, [rows, 1, ...]. */
export function rowMaskShape(tableShape: readonly number[]): number[] {
  return tableShape.map((size, axis) => (axis === 0 ? size : 1));
}
