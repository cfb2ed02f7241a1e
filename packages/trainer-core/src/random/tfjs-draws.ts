import * as tf from '@tensorflow/tfjs-core';

/** tfjs's operations that fill an array with numbers a + b * z, where z is drawn from a standard distribution. */
export type AffineDraw = 'randomUniform' | 'randomNormal' | 'truncatedNormal';

/** What the operation computed for its first two elements. */
export type TwoNumbers = readonly [number, number];

export interface DrawHandler {
  /**
   * A number for whoever called `Math.random`.
   *
   * @param operation the tfjs operation that it was called in, if any.
   */
  number(operation: string | undefined): number;

  /** Whether {@link DrawHandler.tensor} is to make the result of an operation that was given no seed. */
  takes(operation: AffineDraw): boolean;

  /**
   * The result of an operation.
   *
   * @param numbers the first two elements, in float64 and before they are made whole, drawn with {@link PROBE_SEED}:
   * they tell the operation's parameters.
   */
  tensor(operation: AffineDraw, numbers: TwoNumbers, shape: readonly number[], dtype: tf.DataType): tf.Tensor;
}

/** Any would do: whatever is drawn with it serves to recognise parameters only. */
const PROBE_SEED = 0.5;

type Scope = ReturnType<typeof tf.engine>['state']['activeScope'];
type Buffer = tf.TensorBuffer<tf.Rank, tf.DataType>;

/** An operation that was given no seed, from the moment it asks for one until it makes its tensor. */
interface Draw {
  readonly operation: AffineDraw;
  readonly scope: Scope;
  buffer?: Buffer;
}

/**
 * Runs something synchronous with tfjs's random operations in the hands of `handler`. tfjs has no seam for it, so that
 * this file knows how tfjs-core 4.22 draws: each operation opens a scope of its name; without a seed it calls
 * `Math.random` for one; it fills a `TensorBuffer` (`randomUniform` makes it before it asks for the seed, the others
 * after); `toTensor` of the buffer is the result. Here the buffer gets two elements, whatever its shape, so that little
 * is drawn in vain, and `toTensor` asks the handler. Operations with a seed run as they are.
 *
 * Everything is as it was afterwards. Calls may be nested.
 */
export function interceptDraws<R>(handler: DrawHandler, run: () => R): R {
  const { prototype } = tf.TensorBuffer;
  const before = {
    random: Math.random,
    round: Math.round,
    toTensor: Reflect.get(prototype, 'toTensor') as (this: Buffer) => tf.Tensor,
    values: Object.getOwnPropertyDescriptor(prototype, 'values'),
  };
  let uniformBuffer: { readonly buffer: Buffer; readonly scope: Scope } | undefined;
  let draw: Draw | undefined;

  function probe(buffer: Buffer): void {
    // normal numbers of a whole type are rounded before they are stored
    if (buffer.dtype === 'int32') Math.round = (x) => x;
    setValues(buffer, new Float64Array(2));
  }

  Math.random = () => {
    const scope = tf.engine().state.activeScope;
    const operation = operationOf(scope);
    if (!isAffine(operation) || !handler.takes(operation)) return handler.number(operation);
    if (operation !== 'randomUniform') draw = { operation, scope };
    else if (uniformBuffer?.scope !== scope) return handler.number(operation);
    else {
      draw = { operation, scope, buffer: uniformBuffer.buffer };
      probe(uniformBuffer.buffer);
    }
    return PROBE_SEED;
  };

  Object.defineProperty(prototype, 'values', {
    configurable: true,
    get: () => undefined,
    set(this: Buffer, values: unknown) {
      setValues(this, values);
      const scope = tf.engine().state.activeScope;
      if (operationOf(scope) === 'randomUniform') uniformBuffer = { buffer: this, scope };
      if (draw === undefined || draw.buffer !== undefined || draw.scope !== scope) return;
      draw.buffer = this;
      probe(this);
    },
  });

  prototype.toTensor = function (this: Buffer) {
    if (draw?.buffer !== this) return before.toTensor.call(this);
    const { operation } = draw;
    const numbers = this.values as unknown as Float64Array;
    draw = undefined;
    Math.round = before.round;
    return handler.tensor(operation, [numbers[0]!, numbers[1]!], this.shape, this.dtype);
  };

  try {
    return run();
  } finally {
    Math.random = before.random;
    Math.round = before.round;
    prototype.toTensor = before.toTensor;
    if (before.values === undefined) delete (prototype as Partial<Buffer>).values;
    else Object.defineProperty(prototype, 'values', before.values);
  }
}

/** As an assignment does it where the prototype has no such property. */
function setValues(buffer: Buffer, value: unknown): void {
  Object.defineProperty(buffer, 'values', { value, writable: true, enumerable: true, configurable: true });
}

const SUFFIX = '__op';

function operationOf(scope: Scope): string | undefined {
  const name = scope?.name;
  return name?.endsWith(SUFFIX) === true ? name.slice(0, -SUFFIX.length) : undefined;
}

function isAffine(operation: string | undefined): operation is AffineDraw {
  return operation === 'randomUniform' || operation === 'randomNormal' || operation === 'truncatedNormal';
}
