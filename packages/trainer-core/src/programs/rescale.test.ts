import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { EagerEngine } from '../engine/eager-engine.js';
import { NamedState } from '../state/named-state.js';
import { clampProgram, rescaleProgram } from './rescale.js';

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

it('clamping bounds every element and leaves NaN as it is', async () => {
  const state = new NamedState();
  tf.tidy(() => state.set('gradients/w', tf.tensor1d([-3, 0.5, 3, Number.NaN, Number.POSITIVE_INFINITY])));
  await new EagerEngine().run(clampProgram(['w', 'absent'], 1), state);
  expect([...state.get('gradients/w')!.dataSync()]).toEqual([-1, 0.5, 1, Number.NaN, 1]);
});
