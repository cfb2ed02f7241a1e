import type { Builder } from '../../graph/builder.js';
import { sizeOf } from '../../graph/value.js';
import type { TypedArray, Value } from '../../graph/value.js';

export interface Recurrence {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly units: number;
}

/** `h_t = tanh(x_t W + h_{t-1} U + b)` unrolled, and sums over the steps as the gradients of W, U and b have them. */
export function recurrence(
  g: Builder,
  { steps, batch, inputs, units }: Recurrence,
): { readonly outputs: readonly Value[]; readonly feeds: Readonly<Record<string, TypedArray>> } {
  const feeds: Record<string, TypedArray> = {};
  const input = (name: string, shape: readonly number[]): Value => {
    feeds[name] = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * 1.7 + name.charCodeAt(0)) / 2);
    return g.input(name, shape, 'float32');
  };
  const x = input('x', [steps, batch, inputs]);
  const [w, u, b] = [input('w', [inputs, units]), input('u', [units, units]), input('b', [units])];
  const xs: Value[] = [];
  const hs: Value[] = [g.splat(0, [batch, units])];
  for (let t = 0; t < steps; t++) {
    xs.push(g.reshape(g.slice(x, [t, 0, 0], [1, batch, inputs]), [batch, inputs]));
    const sum = g.add(g.add(g.matmul(xs[t]!, w), g.matmul(hs[t]!, u)), b);
    hs.push(g.unary('Tanh', sum));
  }
  const over = (term: (t: number) => Value): Value =>
    xs.map((_, t) => term(t)).reduce((total, value) => g.add(total, value));
  const ofW = over((t) => g.matmul(xs[t]!, hs[t + 1]!, true));
  const ofU = over((t) => g.matmul(hs[t]!, hs[t + 1]!, true));
  const ofB = over((t) => g.sum(hs[t + 1]!, [0], false));
  const ofX = g.concat(
    xs.map((_, t) => g.reshape(g.matmul(hs[t + 1]!, w, false, true), [1, batch, inputs])),
    0,
  );
  return { outputs: [hs.at(-1)!, ofW, ofU, ofB, ofX], feeds };
}
