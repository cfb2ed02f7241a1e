import * as tf from '@tensorflow/tfjs-core';

import { EngineError } from '../errors.js';
import { interceptDraws } from './tfjs-draws.js';
import type { AffineDraw, TwoNumbers } from './tfjs-draws.js';

/** a + b * z. */
export interface Line {
  /** The value at z = 0. */
  readonly shift: number;
  /** What 1 adds. */
  readonly scale: number;
  /** The value at z = 1. */
  readonly end: number;
}

/** Finds an operation's parameters in the first two elements that it computed. */
export type ParametersOf = (operation: AffineDraw, numbers: TwoNumbers) => Line;

const STANDARD: Readonly<Record<AffineDraw, () => tf.Tensor>> = {
  randomUniform: () => tf.randomUniform([1]),
  randomNormal: () => tf.randomNormal([1]),
  truncatedNormal: () => tf.truncatedNormal([1]),
};

let known: ParametersOf | EngineError | undefined;

/**
 * How to find parameters with the tfjs that is loaded, made and tested when it is first asked for; an error where that
 * tfjs draws in another way than the known one.
 */
export function recognition(): ParametersOf | EngineError {
  known ??= recognise();
  return known;
}

function recognise(): ParametersOf | EngineError {
  try {
    const standard = {
      randomUniform: numbersOf(STANDARD.randomUniform),
      randomNormal: numbersOf(STANDARD.randomNormal),
      truncatedNormal: numbersOf(STANDARD.truncatedNormal),
    };
    const parametersOf: ParametersOf = (operation, numbers) => lineThrough(standard[operation], numbers);
    test(parametersOf);
    return parametersOf;
  } catch (cause) {
    return new EngineError(
      'X_ENGINE_UNAVAILABLE',
      `the random operations of tfjs-core ${tf.version_core} work in another way than those of 4.22, the supported version: ` +
        'install @tensorflow/tfjs-core 4.22, or use randomUniform, randomNormal and dropout of @x/trainer-core in steps',
      { cause },
    );
  }
}

function test(parametersOf: ParametersOf): void {
  const cases: readonly [AffineDraw, () => tf.Tensor, Omit<Line, 'end'>][] = [
    ['randomUniform', () => tf.randomUniform([1], -3, 5), { shift: -3, scale: 8 }],
    ['randomUniform', () => tf.randomUniformInt([2], 2, 7), { shift: 2, scale: 5 }],
    ['randomNormal', () => tf.randomNormal([3], 2, 0.5), { shift: 2, scale: 0.5 }],
    ['randomNormal', () => tf.randomNormal([1], -7, 3, 'int32'), { shift: -7, scale: 3 }],
    ['truncatedNormal', () => tf.truncatedNormal([2], 0.1, 0.2), { shift: 0.1, scale: 0.2 }],
  ];
  for (const [operation, draw, { shift, scale }] of cases) {
    const found = parametersOf(operation, numbersOf(draw));
    if (found.shift !== shift || found.scale !== scale) {
      throw new RangeError(`tf.${operation}: found ${found.shift} and ${found.scale}, expected ${shift} and ${scale}`);
    }
  }
}

/** Leaves an operation before it makes a tensor, so that no backend is needed. */
class Found extends Error {
  constructor(readonly numbers: TwoNumbers) {
    super('the first two elements are known');
  }
}

/** The first two elements that an operation computes. */
function numbersOf(draw: () => tf.Tensor): TwoNumbers {
  const tensor = (_: AffineDraw, numbers: TwoNumbers): never => {
    throw new Found(numbers);
  };
  try {
    tf.tidy(() => interceptDraws({ number: Math.random, takes: () => true, tensor }, draw));
  } catch (error) {
    if (error instanceof Found) return error.numbers;
    throw error;
  }
  throw new RangeError('an operation made its tensor without TensorBuffer.toTensor');
}

function lineThrough([z0, z1]: TwoNumbers, [x0, x1]: TwoNumbers): Line {
  const scale = (x1 - x0) / (z1 - z0);
  const shift = x0 - scale * z0;
  const magnitude = Math.abs(scale) + Math.abs(shift);
  return {
    shift: withoutNoise(shift, magnitude),
    scale: withoutNoise(scale, magnitude),
    end: withoutNoise(shift + scale, magnitude),
  };
}

/** To twelve digits of the magnitude: the parameter as it was written, where it was written with fewer. */
function withoutNoise(x: number, magnitude: number): number {
  const digits = 12 - Math.ceil(Math.log10(magnitude));
  return Number(x.toFixed(Math.min(Math.max(digits, 0), 100)));
}
