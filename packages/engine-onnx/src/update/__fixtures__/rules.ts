import type { Builder } from '../../graph/builder.js';
import type { Value } from '../../graph/value.js';
import type { WrittenState } from '../elementwise.js';

/** What a rule is written with: its tensors, and its numbers by name. */
export interface RuleInput {
  readonly g: Builder;
  readonly parameter: Value;
  readonly gradient: Value;
  readonly slot: (name: string) => Value;
  readonly number: (name: string) => Value;
}

export interface RuleOutput {
  readonly parameter: Value;
  readonly slots: Readonly<Record<string, Value>>;
}

export type Rule = (input: RuleInput) => RuleOutput;

/** kept * before + fresh * value */
function average({ g, number }: RuleInput, before: Value, value: Value, kept = 'kept', fresh = 'fresh'): Value {
  return g.add(g.mul(before, number(kept)), g.mul(value, number(fresh)));
}

const square = ({ g }: RuleInput, x: Value): Value => g.mul(x, x);
const root = ({ g }: RuleInput, x: Value): Value => g.unary('Sqrt', x);

function penalized({ g, parameter, gradient, number }: RuleInput): Value {
  return g.add(gradient, g.mul(parameter, number('weightDecay')));
}

/** Less a step of the learning rate. */
function stepped({ g, parameter, number }: RuleInput, direction: Value, rate = 'lr'): Value {
  return g.sub(parameter, g.mul(direction, number(rate)));
}

function momentum(input: RuleInput, isNesterov: boolean): RuleOutput {
  const { g, slot, number } = input;
  const d = penalized(input);
  const velocity = g.add(g.mul(slot('momentumBuffer'), number('momentum')), g.mul(d, number('fresh')));
  const direction = isNesterov ? g.add(d, g.mul(velocity, number('momentum'))) : velocity;
  return { parameter: stepped(input, direction), slots: { momentumBuffer: velocity } };
}

function adam(input: RuleInput, d: Value, isAmsgrad: boolean): RuleOutput {
  const { g, slot, number } = input;
  const expAvg = average(input, slot('expAvg'), d);
  const expAvgSq = average(input, slot('expAvgSq'), square(input, d), 'kept2', 'fresh2');
  const largest = isAmsgrad ? g.binary('Max', slot('maxExpAvgSq'), expAvgSq) : undefined;
  const divisor = g.add(g.div(root(input, largest ?? expAvgSq), number('rootCorrection')), number('eps'));
  return {
    parameter: stepped(input, g.div(expAvg, divisor)),
    slots: { expAvg, expAvgSq, ...(largest === undefined ? {} : { maxExpAvgSq: largest }) },
  };
}

function rmsprop(input: RuleInput, isCentered: boolean): RuleOutput {
  const { g, slot, number } = input;
  const d = penalized(input);
  const squareAvg = average(input, slot('squareAvg'), square(input, d));
  const gradAvg = isCentered ? average(input, slot('gradAvg'), d) : undefined;
  const variance = gradAvg === undefined ? squareAvg : g.unary('Relu', g.sub(squareAvg, square(input, gradAvg)));
  const scaled = g.div(d, g.add(root(input, variance), number('eps')));
  const buffer = g.add(g.mul(slot('momentumBuffer'), number('momentum')), scaled);
  return {
    parameter: stepped(input, buffer),
    slots: { squareAvg, momentumBuffer: buffer, ...(gradAvg === undefined ? {} : { gradAvg }) },
  };
}

/** The rules of optimizers, as their lowering writes them. */
export const RULES: Readonly<Record<string, Rule>> = {
  sgd: (input) => ({ parameter: stepped(input, penalized(input)), slots: {} }),
  momentum: (input) => momentum(input, false),
  nesterov: (input) => momentum(input, true),
  adam: (input) => adam(input, input.gradient, false),
  'adam with weight decay and amsgrad': (input) => adam(input, penalized(input), true),
  adamw: (input) => {
    const parameter = input.g.mul(input.parameter, input.number('shrink'));
    return adam({ ...input, parameter }, input.gradient, false);
  },
  rmsprop: (input) => rmsprop(input, false),
  'centered rmsprop': (input) => rmsprop(input, true),
  adagrad: (input) => {
    const { g, slot, number } = input;
    const sum = g.add(slot('sum'), square(input, input.gradient));
    const scaled = g.div(input.gradient, g.add(root(input, sum), number('eps')));
    return { parameter: stepped(input, scaled), slots: { sum } };
  },
  adadelta: (input) => {
    const { g, slot, number, gradient } = input;
    const rootOf = (x: Value): Value => root(input, g.add(x, number('eps')));
    const squareAvg = average(input, slot('squareAvg'), square(input, gradient));
    const delta = g.mul(g.div(rootOf(slot('accDelta')), rootOf(squareAvg)), gradient);
    const accDelta = average(input, slot('accDelta'), square(input, delta));
    return { parameter: stepped(input, delta), slots: { squareAvg, accDelta } };
  },
  adamax: (input) => {
    const { g, slot, number, gradient } = input;
    const expAvg = average(input, slot('expAvg'), gradient);
    const size = g.add(g.unary('Abs', gradient), number('eps'));
    const expInf = g.binary('Max', g.mul(slot('expInf'), number('kept2')), size);
    return { parameter: stepped(input, g.div(expAvg, expInf)), slots: { expAvg, expInf } };
  },
  lion: (input) => {
    const { g, slot, number, gradient, parameter } = input;
    const direction = g.unary('Sign', average(input, slot('expAvg'), gradient));
    const shrunk = g.mul(parameter, number('shrink'));
    return {
      parameter: stepped({ ...input, parameter: shrunk }, direction),
      slots: { expAvg: average(input, slot('expAvg'), gradient, 'kept2', 'fresh2') },
    };
  },
  rprop: (input) => {
    const { g, slot, number, gradient } = input;
    const zero = g.scalar(0);
    const agreement = g.mul(gradient, slot('prev'));
    const turned = g.binary('Less', agreement, zero, 'bool');
    const grown = g.mul(slot('stepSize'), number('grow'));
    const kept = g.where(g.binary('Greater', agreement, zero, 'bool'), grown, slot('stepSize'));
    const scaled = g.where(turned, g.mul(slot('stepSize'), number('shrink')), kept);
    const stepSize = g.binary('Min', g.binary('Max', scaled, number('smallest')), number('largest'));
    const followed = g.mul(gradient, g.cast(g.unary('Not', turned), 'float32'));
    const step = g.mul(g.unary('Sign', followed), stepSize);
    return { parameter: g.sub(input.parameter, step), slots: { prev: followed, stepSize } };
  },
};

/** What the numbers of the rules are. */
export const NUMBERS: Readonly<Record<string, number>> = {
  lr: 0.013,
  weightDecay: 0.02,
  momentum: 0.9,
  kept: 0.9,
  fresh: 0.1,
  kept2: 0.993,
  fresh2: 0.007,
  rootCorrection: 0.41,
  eps: 1e-8,
  shrink: 0.97,
  grow: 1.2,
  smallest: 1e-6,
  largest: 50,
  keptAverage: 0.98,
  freshAverage: 0.02,
};

/** The states of a step that has a rule for some parameters, and an average of the new weights. */
export function statesOf(
  g: Builder,
  rule: Rule,
  shapes: Readonly<Record<string, readonly number[]>>,
  gradientOf = (name: string): Value => g.input(`gradients/${name}`, shapes[name]!, 'float32'),
): WrittenState[] {
  const number = (name: string): Value => g.input(`numbers/${name}`, [], 'float32');
  return Object.entries(shapes).flatMap(([name, shape]) => {
    const old = (kind: string): Value => g.input(`${kind}/${name}`, shape, 'float32');
    const input: RuleInput = {
      g,
      parameter: old('parameters'),
      gradient: gradientOf(name),
      slot: (slot) => old(`slots/${slot}`),
      number,
    };
    const { parameter, slots } = rule(input);
    const averaged = average(input, old('averages'), parameter, 'keptAverage', 'freshAverage');
    const states = { parameters: parameter, averages: averaged };
    const named = Object.entries(slots).map(([slot, value]) => [`slots/${slot}`, value] as const);
    return [...Object.entries(states), ...named].map(([kind, after]) => ({
      name: `${kind}/${name}`,
      before: old(kind),
      after,
    }));
  });
}
