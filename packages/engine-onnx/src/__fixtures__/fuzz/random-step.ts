import * as tf from '@tensorflow/tfjs-core';
import { withGradientOverrides } from '@x/trainer-core/compiled';
import type { Batch, NamedState, Outputs, ProgramInputs, ProgramState } from '@x/trainer-core';

import { Draw } from '../../graph/__fixtures__/random-program.js';
import { elementwiseOperations } from './elementwise-operations.js';
import { numericOperations } from './numeric-operations.js';
import { Pool } from './pool.js';
import type { Item, Proposal } from './pool.js';
import { shapeOperations } from './shape-operations.js';

/** A tensor that a program begins with. */
interface Leaf {
  readonly name: string;
  readonly kind: 'batch' | 'parameter';
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
}

/** Larger numbers than this would make rounding errors larger than defects. */
const LARGEST = 12;
const MOST_ELEMENTS = 600;
const ATTEMPTS = 60;

/**
 * A small training step that is made up at random, the same for the same seed: values of a batch and of parameters, some
 * twenty operations, the gradients of a scalar, and what an optimizer would write, some of it in unusual ways.
 */
export class RandomStep {
  private readonly leaves: readonly Leaf[];
  private readonly operations: Proposal[] = [];
  /** The numbers of the values that each operation makes. */
  private readonly made: number[][] = [];
  private readonly items: readonly Item[];
  private readonly draw: Draw;
  /** Numbers of the values that leave. */
  private readonly results: readonly number[];
  private readonly updates: readonly number[];

  constructor(
    readonly seed: number,
    count = 22,
  ) {
    this.draw = new Draw(seed);
    const { draw } = this;
    this.leaves = makeLeaves(draw);
    const pool = new Pool(draw);
    const samples = this.leaves.map((leaf) => this.elements(leaf, 0));
    for (const { kind, shape, dtype } of this.leaves) {
      pool.items.push({ shape, dtype, exact: kind === 'batch', learned: kind === 'parameter' });
    }
    const families = [elementwiseOperations, elementwiseOperations, shapeOperations, numericOperations];
    for (let i = 0; i < ATTEMPTS && this.operations.length < count; i++) {
      const proposal = draw.of(draw.of(families))(draw, pool);
      if (proposal !== undefined) this.add(proposal, pool, samples);
    }
    tf.dispose(samples);
    this.items = pool.items;
    const last = this.items.length - 1;
    this.results = [...new Set([last, last - 1, draw.int(0, last), draw.int(0, last), draw.int(0, last)])];
    this.updates = this.parameters.map(() => draw.int(0, 4));
  }

  /** What it does, for people. */
  get text(): string {
    const value = (index: number): string => {
      const { dtype, shape } = this.items[index]!;
      return `v${index}: ${dtype}[${shape}]`;
    };
    const lines = this.operations.map(({ name, inputs, options }, i) => {
      const more = options === undefined ? '' : ` ${JSON.stringify(options)}`;
      return `${this.made[i]!.map(value).join(', ')} = ${name}(${inputs.map((input) => `v${input}`).join(', ')})${more}`;
    });
    const leaves = this.leaves.map(({ name, kind }, i) => `${value(i)} = ${kind} ${name}`);
    const ends = [`outputs: ${this.results.map((index) => `v${index}`).join(', ')}`, `updates: ${this.updates.join()}`];
    return [`seed ${this.seed}`, ...leaves, ...lines, ...ends].join('\n');
  }

  /** The tensors of a step. */
  batch(step: number): Batch {
    return Object.fromEntries(
      this.leaves.filter(({ kind }) => kind === 'batch').map((leaf) => [leaf.name, this.elements(leaf, step)]),
    );
  }

  /** Puts parameters, averages, slots and buffers into a state, and returns them. */
  defineState(state: NamedState): tf.Variable[] {
    return this.parameters.flatMap((leaf) => {
      const values = this.elements(leaf, 0);
      const made = tf.tidy(() => [
        ...['parameters', 'averages', 'slots'].map((folder, i) => {
          const variable = tf.variable(tf.mul(values, [1, 0.75, 0.125][i]!));
          state.define(`${folder}/${leaf.name}`, variable);
          return variable;
        }),
      ]);
      values.dispose();
      return made;
    });
  }

  run({ batch, numbers }: ProgramInputs, state: ProgramState): Outputs {
    const { learningRate } = numbers;
    const variables = this.parameters.map(({ name }) => state.read(`parameters/${name}`) as tf.Variable);
    const kept: tf.Tensor[] = [];
    const { grads, value } = tf.variableGrads(() => {
      const values = this.values(batch, state);
      for (const index of this.results) kept.push(tf.keep(tf.clone(values[index]!)));
      return this.objective(values);
    }, variables);
    const outputs: Outputs = Object.fromEntries(
      kept.map((tensor, i) => [`${this.seed}/v${this.results[i]}`, tf.clone(tensor)]),
    );
    tf.dispose(kept);
    outputs[`${this.seed}/objective`] = value;
    for (const [i, { name }] of this.parameters.entries()) {
      const gradient = grads[variables[i]!.name]!;
      outputs[`${this.seed}/gradient of ${name}`] = gradient;
      this.update({ name, gradient, kind: this.updates[i]!, learningRate: learningRate!, state, i });
    }
    return outputs;
  }

  private get parameters(): readonly Leaf[] {
    return this.leaves.filter(({ kind }) => kind === 'parameter');
  }

  private values(batch: Batch, state: ProgramState): tf.Tensor[] {
    const values = this.leaves.map(({ kind, name }) =>
      kind === 'batch' ? (batch[name] as tf.Tensor) : state.read(`parameters/${name}`)!,
    );
    for (const { inputs, run } of this.operations) {
      const result = run(...inputs.map((input) => values[input]!));
      values.push(...(Array.isArray(result) ? (result as tf.Tensor[]) : [result as tf.Tensor]));
    }
    return values;
  }

  /** Every element of the last values has a gradient of its own. */
  private objective(values: readonly tf.Tensor[]): tf.Scalar {
    const terms = values.flatMap((value, i) => {
      if (value.dtype !== 'float32' || i < values.length - 6) return [];
      const factors = Float32Array.from({ length: value.size }, (_, j) => (((i + 1) * (j + 3)) % 7) / 8 - 0.375);
      return [tf.sum(tf.mul(value, tf.tensor(factors, value.shape)))];
    });
    const weights = this.leaves.flatMap(({ kind }, i) => (kind === 'parameter' ? [values[i]!] : []));
    const penalty = weights.map((weight) => tf.mul(tf.sum(tf.square(weight)), 0.05));
    return tf.addN([...terms, ...penalty]) as tf.Scalar;
  }

  private update({
    name,
    gradient,
    kind,
    learningRate,
    state,
    i,
  }: {
    readonly name: string;
    readonly gradient: tf.Tensor;
    readonly kind: number;
    readonly learningRate: tf.Scalar;
    readonly state: ProgramState;
    readonly i: number;
  }): void {
    const bounded = tf.clipByValue(gradient, -2, 2);
    const parameter = state.read(`parameters/${name}`)!;
    const slot = state.read(`slots/${name}`)!;
    const average = state.read(`averages/${name}`)!;
    const step = (by: tf.Tensor): tf.Tensor => tf.sub(parameter, tf.mul(by, learningRate));
    const before = state.read(`gradients/${this.seed}/${name}`);
    switch (kind) {
      case 0: {
        const velocity = tf.add(tf.mul(slot, 0.9), bounded);
        state.write(`slots/${name}`, velocity);
        state.write(`parameters/${name}`, step(velocity));
        state.write(`averages/${name}`, tf.add(tf.mul(average, 0.5), tf.mul(state.read(`parameters/${name}`)!, 0.5)));
        break;
      }
      case 1: {
        // states that read each other's old values
        state.write(`slots/${name}`, parameter);
        state.write(`parameters/${name}`, tf.add(tf.mul(slot, 0.5), step(bounded)));
        state.write(`averages/${name}`, slot);
        break;
      }
      case 2: {
        // not elementwise in its old value
        state.write(
          `parameters/${name}`,
          tf.reverse(
            step(bounded),
            parameter.shape.map((_, axis) => axis),
          ),
        );
        state.write(`slots/${name}`, tf.add(tf.sqrt(tf.add(tf.square(slot), tf.square(bounded))), tf.mean(average)));
        break;
      }
      case 3: {
        // there in the second step only
        state.write(`gradients/${this.seed}/${name}`, before === undefined ? bounded : tf.add(before, bounded));
        state.write(`parameters/${name}`, step(before === undefined ? bounded : tf.add(before, bounded)));
        break;
      }
      default: {
        // another parameter, as it is by now
        const other = state.read(`parameters/${this.parameters[(i + 1) % this.parameters.length]!.name}`)!;
        state.write(`parameters/${name}`, tf.add(step(bounded), tf.mul(tf.tanh(tf.sum(other)), 0.1)));
        if (before === undefined) state.write(`gradients/${this.seed}/${name}`, tf.mul(parameter, 2));
        else state.write(`gradients/${this.seed}/${name}`, null);
      }
    }
  }

  private add(proposal: Proposal, pool: Pool, samples: tf.Tensor[]): void {
    const operands = proposal.inputs.map((input) => samples[input]!);
    const inexact = proposal.inputs.some((input) => !pool.item(input).exact);
    if (proposal.chooses === true && inexact && !allDiffer(operands)) return;
    const results = attempt(() => {
      const result = (proposal.stand ?? proposal.run)(...operands);
      return Array.isArray(result) ? (result as tf.Tensor[]) : [result as tf.Tensor];
    });
    if (results === undefined) return;
    const of = proposal.inputs.map((input) => pool.item(input));
    const slopes = of.some(({ learned }) => learned) ? attempt(() => gradientsOf(proposal, operands)) : [];
    const fine = slopes !== undefined && [...results, ...slopes].every(isTame);
    tf.dispose(slopes ?? []);
    if (!fine || results.length === 0) {
      tf.dispose(results);
      return;
    }
    this.operations.push(proposal);
    this.made.push(results.map((_, i) => samples.length + i));
    for (const tensor of results) {
      samples.push(tensor);
      pool.items.push({
        shape: tensor.shape,
        dtype: tensor.dtype,
        exact: proposal.exact === true && of.every(({ exact }) => exact),
        learned: of.some(({ learned }) => learned),
      });
    }
  }

  /** Multiples of 1/8 for a batch, so that sums and products of a few are exact. */
  private elements({ name, shape, dtype, kind }: Leaf, step: number): tf.Tensor {
    const draw = new Draw(this.seed * 1009 + step * 31 + [...name].reduce((sum, c) => sum * 7 + c.charCodeAt(0), 0));
    const size = shape.reduce((product, length) => product * length, 1);
    const numbers = Array.from({ length: size }, () => {
      if (dtype === 'bool') return draw.int(0, 1);
      if (dtype === 'int32') return draw.int(-6, 6);
      return kind === 'batch' ? draw.int(-12, 12) / 8 : draw.number() * 2 - 1;
    });
    return tf.tensor(numbers, [...shape], dtype);
  }
}

function isTame(tensor: tf.Tensor): boolean {
  return (
    tensor.size <= MOST_ELEMENTS && tensor.rank <= 5 && tensor.dataSync().every((x: number) => Math.abs(x) <= LARGEST)
  );
}

function allDiffer(tensors: readonly tf.Tensor[]): boolean {
  const elements = tensors.flatMap((tensor) => [...tensor.dataSync()]);
  return new Set(elements).size === elements.length;
}

/** How the sum of the results depends on each operand. tfjs lacks some gradients, and throws in others. */
function gradientsOf({ run, stand }: Proposal, operands: readonly tf.Tensor[]): tf.Tensor[] {
  const numeric = operands.filter(({ dtype }) => dtype === 'float32');
  const sum = (...floats: tf.Tensor[]): tf.Scalar => {
    const rest = [...floats];
    const result = (stand ?? run)(
      ...operands.map((operand) => (operand.dtype === 'float32' ? rest.shift()! : operand)),
    );
    const results = Array.isArray(result) ? (result as tf.Tensor[]) : [result as tf.Tensor];
    return tf.addN<tf.Scalar>(results.map((tensor) => tf.sum<tf.Scalar>(tensor)));
  };
  return withGradientOverrides(() => tf.grads(sum)(numeric));
}

/** The tensors of what works. */
function attempt(run: () => tf.Tensor[]): tf.Tensor[] | undefined {
  try {
    return tf.tidy(run);
  } catch {
    return undefined;
  }
}

function makeLeaves(draw: Draw): Leaf[] {
  const lengths = draw.of([
    [1, 2, 3],
    [2, 3, 5],
    [1, 1, 4],
    [3, 4],
    [0, 1, 2],
    [1, 7],
  ]);
  const shape = (most: number): number[] => Array.from({ length: draw.int(0, most) }, () => draw.of(lengths));
  const [width, channels] = [draw.of(lengths.filter((length) => length > 0)), draw.int(1, 3)];
  const image = draw.int(0, 1) === 0;
  const shared = shape(3);
  return [
    { name: 'a', kind: 'batch', shape: shared, dtype: 'float32' },
    {
      name: 'b',
      kind: 'batch',
      shape: image ? [draw.int(1, 2), width + 2, width + 1, channels] : shape(3),
      dtype: 'float32',
    },
    { name: 'i', kind: 'batch', shape: draw.int(0, 1) === 0 ? shared : shape(2), dtype: 'int32' },
    { name: 'c', kind: 'batch', shape: shared, dtype: 'bool' },
    { name: 'w', kind: 'parameter', shape: shared, dtype: 'float32' },
    {
      name: 'u',
      kind: 'parameter',
      shape: image ? [2, draw.int(1, 3), channels, draw.int(1, 3)] : shape(2),
      dtype: 'float32',
    },
    { name: 'm', kind: 'parameter', shape: [draw.of(lengths), draw.of(lengths)], dtype: 'float32' },
  ];
}
