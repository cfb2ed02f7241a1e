import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { withLog } from '../log.js';
import { NamedState } from '../state/named-state.js';
import type { CompiledProgram } from './compiled-program.js';
import { ProgramCache, using, variantFor } from './program-cache.js';

const never = (): number => 0;

/** Something compiled that says when it is freed. */
function compiled(name: string, freed: string[]): CompiledProgram {
  return { run: () => ({ outputs: {}, committed: true, written: new Set() }), dispose: () => void freed.push(name) };
}

function warningsOf(run: () => void): string[] {
  const warnings: string[] = [];
  withLog({ info: () => undefined, warn: (message) => void warnings.push(message) }, run);
  return warnings;
}

describe('a cache of programs', () => {
  it('keeps one entry for a key, and asks once how often it ran before', () => {
    const cache = new ProgramCache(2);
    const asked: string[] = [];
    const runs = (key: string): number => asked.push(key) + 6;
    const entry = cache.entry('step', 'a', runs);
    expect(entry).toEqual({ key: 'a', runs: 7, validated: 0, users: 0, dropped: false, variants: [] });
    expect(cache.entry('step', 'a', runs)).toBe(entry);
    expect(asked).toEqual(['a']);
  });

  it('frees what was used least recently, with all its variants, and the rest at the end', () => {
    const cache = new ProgramCache(2);
    const freed: string[] = [];
    const fill = (key: string): void => {
      const { variants } = cache.entry('step', key, never);
      if (variants.length > 0) return;
      variants.push({ temporaries: new Map(), compiled: compiled(`${key}1`, freed) });
      variants.push({ temporaries: new Map(), compiled: undefined });
      variants.push({ temporaries: new Map(), compiled: compiled(`${key}2`, freed) });
    };
    for (const key of ['a', 'b', 'a', 'c']) fill(key);
    expect(freed).toEqual(['b1', 'b2']);
    cache.dispose();
    expect(freed).toEqual(['b1', 'b2', 'a1', 'a2', 'c1', 'c2']);
    cache.dispose();
    expect(freed).toHaveLength(6);
  });

  it('frees what is in use when all who use it are done, also what was compiled meanwhile', async () => {
    const cache = new ProgramCache(1);
    const freed: string[] = [];
    const entry = cache.entry('step', 'a', never);
    const first = using(entry, () => Promise.resolve());
    const second = using(entry, async () => {
      cache.entry('step', 'b', never);
      await first;
      expect(freed).toEqual([]);
      entry.variants.push({ temporaries: new Map(), compiled: compiled('a', freed) });
      throw new Error('failed');
    });
    await expect(second).rejects.toThrow('failed');
    expect(freed).toEqual(['a']);
    cache.dispose();
    expect(freed).toEqual(['a']);
  });

  it('warns once of a program that meets more than 16 shapes, and not of many programs', () => {
    const cache = new ProgramCache(64);
    expect(warningsOf(() => Array.from({ length: 40 }, (_, i) => cache.entry(`step ${i}`, `${i}`, never)))).toEqual([]);
    const meet = (count: number): void =>
      void Array.from({ length: count }, (_, i) => cache.entry('step', `shape ${i}`, never));
    expect(warningsOf(() => meet(16))).toEqual([]);
    expect(warningsOf(() => meet(30))).toEqual([expect.stringContaining('"step" has met 17 shapes of batches')]);
  });
});

it('a variant is the one whose temporaries are there, and not there, and of the shapes and types, as now', () => {
  const state = new NamedState();
  const entry = {
    runs: 0,
    validated: 0,
    key: 'a',
    users: 0,
    dropped: false,
    variants: [
      { temporaries: new Map([['gradients/w', { shape: [2, 1], dtype: 'float32' }]]), compiled: undefined },
      { temporaries: new Map([['gradients/w', undefined]]), compiled: undefined },
    ],
  };
  expect(variantFor(entry, state)).toBe(entry.variants[1]);
  tf.tidy(() => state.set('gradients/w', tf.ones([2, 1])));
  expect(variantFor(entry, state)).toBe(entry.variants[0]);
  tf.tidy(() => state.set('gradients/w', tf.ones([1, 2])));
  expect(variantFor(entry, state)).toBeUndefined();
  tf.tidy(() => state.set('gradients/w', tf.ones([2, 1], 'int32')));
  expect(variantFor(entry, state)).toBeUndefined();
  state.clearTemporaries();
});
