import { migrated } from './migrations.js';

/** As version 1 wrote it. */
const first = {
  version: 1,
  rawParameters: {},
  progress: { epoch: 1, batchesThisEpoch: 2, batchNumTotal: 6, epochFinished: false },
  step: { everReached: ['w'] },
  engine: { description: { name: 'onnx', version: '1.30.0', threads: 2 }, state: { runs: { a: 3 } } },
  callbacks: { Counts: { count: 1 }, 'Counts#2': { count: 2 } },
};

it('a state of version 1 has what it had in its new places, and says what it did not record', () => {
  expect(migrated(first)).toEqual({
    version: 2,
    rawParameters: {},
    progress: { ...first.progress, stepsSkipped: 0, batchesTotal: 0, examplesTotal: 0 },
    step: first.step,
    engine: { name: 'onnx', choices: { runs: { a: 3 } } },
    'callbacks.Counts': { count: 1 },
    'callbacks.Counts#2': { count: 2 },
    run: { engine: first.engine.description },
    unrecorded: ['dataPosition', 'freezing', 'requests', 'drawsOutsideSteps', 'report'],
  });
});

it('a state of this version is left as it is', () => {
  const now = { version: 2, run: {}, rawParameters: {} };
  expect(migrated(now)).toBe(now);
});

it.each([
  [{ version: 3 }, 'format version 3, this release reads versions 1 to 2; a newer release saved it'],
  [{ version: 0 }, 'format version 0, this release reads versions 1 to 2'],
  [{}, '"version" of kind number, but has nothing'],
])('%j is refused', (state, message) => {
  expect(() => migrated(state)).toThrow(message);
});
