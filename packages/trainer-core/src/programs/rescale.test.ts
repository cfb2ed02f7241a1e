import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { EagerEngine } from '../engine/eager-engine.js';
import { NamedState } from '../state/named-state.js';
import { clamped, clampProgram, rescaleProgram } from './rescale.js';

async function rescaled(gradients: readonly number[][], maxNorm: number): Promise<{ norm: number; after: number[][] }> {
  const state = new NamedState();
  const names = gradients.map((values, i) => {
    tf.tidy(() => state.set(`gradients/${i}`, tf.tensor1d(values)));
    return String(i);
  });
  const { outputs } = await new EagerEngine().run(rescaleProgram(names), state, { numbers: { maxNorm } });
  const norm = outputs['gradientNorm']!.dataSync()[0]!;
  return { norm, after: names.map((name) => [...state.get(`gradients/${name}`)!.dataSync()]) };
}

describe('rescaling by norm', () => {
  it('takes the norm of all gradients together', async () => {
    expect((await rescaled([[3], [4]], 100)).norm).toBe(5);
  });

  it('leaves smaller gradients alone', async () => {
    expect((await rescaled([[0.5, 0]], 1)).after).toEqual([[0.5, 0]]);
  });

  it('scales a norm that equals the limit by maxNorm / (norm + 1e-6), as torch does', async () => {
    const { after } = await rescaled([[3], [4]], 5);
    expect(after[0]![0]).toBeCloseTo((3 * 5) / 5.000001, 6);
    expect(after[0]![0]).toBeLessThan(3);
  });

  // slices of the original's golden data (torch 1.x on float32)
  it.each([
    {
      case: 'random gradients above the limit',
      gradients: [
        [
          0.7768698930740356, 0.3736048936843872, -1.4134620428085327, 0.4735257923603058, -0.7156137824058533,
          0.2790873646736145,
        ],
        [-0.2903231978416443, 1.7710853815078735, -0.9821202754974365, 0.740612268447876],
      ],
      maxNorm: 0.5,
      norm: 2.8791143894195557,
      after: [
        [
          0.13491468131542206, 0.06488189101219177, -0.2454681098461151, 0.08223459869623184, -0.12427667528390884,
          0.04846755415201187,
        ],
        [-0.05041882023215294, 0.3075745701789856, -0.1705593764781952, 0.1286180168390274],
      ],
    },
    { case: 'zeros', gradients: [[0, 0], [0]], maxNorm: 1, norm: 0, after: [[0, 0], [0]] },
    {
      case: 'huge values',
      gradients: [[9.999999843067494e17, -1.999999968613499e18], [2.999999952920248e17]],
      maxNorm: 1,
      norm: 2.2561028898795028e18,
      after: [[0.4432421922683716, -0.8864843845367432], [0.13297265768051147]],
    },
    {
      case: 'squares that overflow',
      gradients: [[1.0000000150474662e30, 1.0000000150474662e30]],
      maxNorm: 1,
      norm: Number.POSITIVE_INFINITY,
      after: [[0, 0]],
    },
    {
      case: 'a limit far below 1e-6',
      gradients: [[9.999999682655225e-21, 9.999999682655225e-21]],
      maxNorm: 1e-21,
      norm: 1.4142096906491708e-20,
      after: [[9.999999462560281e-36, 9.999999462560281e-36]],
    },
  ])('does as torch does with $case', async ({ gradients, maxNorm, norm, after }) => {
    const result = await rescaled(gradients, maxNorm);
    const expectClose = (value: number, expected: number): void =>
      Number.isFinite(expected)
        ? expect(Math.abs(value - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-4)
        : expect(value).toBe(expected);
    expectClose(result.norm, norm);
    after.forEach((values, i) => values.forEach((value, j) => expectClose(result.after[i]![j]!, value)));
  });

  it('takes the norm of the gradients that are there, 0 where none is', async () => {
    const state = new NamedState();
    tf.tidy(() => state.set('gradients/a', tf.tensor1d([3, 4])));
    const engine = new EagerEngine();
    const normOf = async (names: string[]): Promise<number> =>
      (await engine.run(rescaleProgram(names), state, { numbers: { maxNorm: 100 } })).outputs[
        'gradientNorm'
      ]!.dataSync()[0]!;
    expect(await normOf(['a', 'missing'])).toBe(5);
    expect(await normOf(['missing'])).toBe(0);
    expect(state.get('gradients/missing')).toBeUndefined();
  });

  it('makes everything NaN where one element is NaN', async () => {
    const { norm, after } = await rescaled([[1, Number.NaN], [2]], 1);
    expect(norm).toBeNaN();
    expect(after.flat().every(Number.isNaN)).toBe(true);
  });

  it('turns finite gradients to 0 and infinite ones to NaN where the norm is infinite', async () => {
    const { norm, after } = await rescaled([[Number.POSITIVE_INFINITY, 1], [2]], 1);
    expect(norm).toBe(Number.POSITIVE_INFINITY);
    expect(after).toEqual([[Number.NaN, 0], [0]]);
  });
});

it('clamping to 0 leaves NaN, and nothing else', () => {
  expect([...clamped(tf.tensor1d([Number.NaN, 3, -2]), 0).dataSync()].map(Math.abs)).toEqual([Number.NaN, 0, 0]);
});

it('clamping bounds every element and leaves NaN as it is', async () => {
  const state = new NamedState();
  tf.tidy(() => state.set('gradients/w', tf.tensor1d([-3, 0.5, 3, Number.NaN, Number.POSITIVE_INFINITY])));
  await new EagerEngine().run(clampProgram(['w', 'absent'], 1), state);
  expect([...state.get('gradients/w')!.dataSync()]).toEqual([-1, 0.5, 1, Number.NaN, 1]);
});
