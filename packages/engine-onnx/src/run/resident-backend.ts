import * as tf from '@tensorflow/tfjs-core';
import { DataError } from '@x/trainer-core';
import type { NamedState } from '@x/trainer-core';
import { dataInfo, hostArray, tensorOf } from '@x/trainer-core/compiled';
import type { CompiledType, DataId, HostArray } from '@x/trainer-core/compiled';

import type { TypedArray } from '../graph/value.js';
import type { Block } from './block.js';
import type { BlockPool } from './block-pool.js';
import { GradientVectors } from './gradient-vectors.js';

/** The elements of a tensor that stands in the engine's memory. */
export interface Resident {
  readonly dataId: DataId;
  /** Where they stand now. A step may exchange it for the block of their new values. */
  block: Block;
  references: number;
}

/**
 * A tfjs backend without kernels, which holds what compiled programs leave: state and outputs. Nothing is copied until
 * somebody looks; an operation on another backend moves the elements there, as between any two backends of tfjs.
 */
export class ResidentBackend extends tf.KernelBackend {
  private readonly residents = new WeakMap<DataId, Resident>();
  private readonly vectors = new Map<NamedState, GradientVectors>();
  private count = 0;

  constructor(readonly pool: BlockPool) {
    super();
  }

  /** Where the gradients of a state stand. */
  gradientsOf(state: NamedState): GradientVectors {
    const known = this.vectors.get(state);
    if (known !== undefined) return known;
    const made = new GradientVectors(this.pool);
    this.vectors.set(state, made);
    return made;
  }

  /** A new one. The block becomes the backend's. */
  add(block: Block): Resident {
    const resident: Resident = { dataId: {}, block, references: 1 };
    this.residents.set(resident.dataId, resident);
    this.count += 1;
    return resident;
  }

  /** A tensor over a new resident. */
  tensor(block: Block, shape: readonly number[], dtype: tf.DataType): tf.Tensor {
    return tensorOf({ dataId: this.add(block).dataId, shape: [...shape], dtype }, this);
  }

  /** The resident of a tensor, undefined if its elements are elsewhere. */
  residentOf(dataId: DataId): Resident | undefined {
    return this.residents.get(dataId);
  }

  override readSync(dataId: DataId): Float32Array | Int32Array | Uint8Array {
    // a copy: the next step writes there
    return this.entry(dataId).block.view.slice() as Float32Array | Int32Array | Uint8Array;
  }

  override read(dataId: DataId): Promise<Float32Array | Int32Array | Uint8Array> {
    return Promise.resolve(this.readSync(dataId));
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): DataId {
    const block = this.pool.take(dtype as 'float32', tf.util.sizeFromShape(shape));
    block.view.set(values as never);
    return this.add(block).dataId;
  }

  override move(
    dataId: DataId,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    const block = this.pool.take(dtype as 'float32', tf.util.sizeFromShape(shape));
    block.view.set(values as never);
    this.residents.set(dataId, { dataId, block, references });
    this.count += 1;
  }

  override disposeData(dataId: DataId, force = false): boolean {
    const resident = this.residents.get(dataId);
    if (resident === undefined) return true;
    // whoever remembers a resident that has moved away must not take it for one that is still here
    resident.references = force ? 0 : resident.references - 1;
    if (resident.references > 0) return false;
    this.residents.delete(dataId);
    this.count -= 1;
    this.pool.give(resident.block);
    return true;
  }

  override refCount(dataId: DataId): number {
    return this.residents.get(dataId)?.references ?? 0;
  }

  override incRef(dataId: DataId): void {
    this.entry(dataId).references += 1;
  }

  override numDataIds(): number {
    return this.count;
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override dispose(): void {
    for (const [state, vectors] of this.vectors) if (vectors.release(state)) this.vectors.delete(state);
    this.pool.clear();
  }

  private entry(dataId: DataId): Resident {
    const resident = this.residents.get(dataId);
    if (resident === undefined) throw new RangeError('a tensor of the engine that is disposed');
    return resident;
  }
}

/** The elements of a tensor wherever they are: those of the engine's and of tfjs's cpu backend without a copy. */
export function elementsOf(backend: ResidentBackend, { dataId, dtype }: tf.Tensor): TypedArray {
  const resident = backend.residentOf(dataId);
  if (resident !== undefined) return resident.block.view;
  const info = dataInfo(dataId);
  if (info === undefined) {
    throw new DataError(
      'X_DATA_INVALID',
      'a tensor that is handed to a step is disposed: a batch lives until its step is over',
    );
  }
  return hostArray(info.backend.readSync(dataId) as HostArray, dtype as CompiledType);
}
