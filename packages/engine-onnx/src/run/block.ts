import { sameShape } from '../graph/value.js';
import type { DType, TypedArray } from '../graph/value.js';
import type { StateMemory } from '../update/memory.js';
import type { OnnxRuntime, RuntimeTensor } from './onnxruntime.js';

/** A place in the memory for the elements of a tensor: as an array, and as a tensor of ONNX Runtime over it. */
export class Block {
  readonly address: number;
  /** Whether it is a part of something larger, so that it is never given back by itself. */
  readonly isPlace: boolean;
  private array: TypedArray | undefined;
  private tensors: RuntimeTensor | undefined;
  private generation = -1;

  constructor(
    private readonly memory: StateMemory,
    private readonly runtime: OnnxRuntime,
    readonly dtype: DType,
    readonly length: number,
    /** Where it stands, if it is a part of something that was allocated already. */
    address?: number,
  ) {
    this.isPlace = address !== undefined;
    this.address = address ?? memory.allocate(Math.max(1, length) * bytesOf(dtype));
  }

  /** The elements, as they are and become. To be asked for again after anything was allocated. */
  get view(): TypedArray {
    if (this.array === undefined || this.generation !== this.memory.generation) {
      this.array = this.memory.view(this.dtype, this.address, this.length);
      this.tensors = undefined;
      this.generation = this.memory.generation;
    }
    return this.array;
  }

  tensor(shape: readonly number[]): RuntimeTensor {
    const { view } = this;
    if (this.tensors === undefined || !sameShape(this.tensors.dims, shape)) {
      this.tensors = new this.runtime.Tensor(this.dtype, view, shape);
    }
    return this.tensors;
  }
}

export function bytesOf(dtype: DType): number {
  if (dtype === 'bool') return 1;
  return dtype === 'int64' ? 8 : 4;
}
