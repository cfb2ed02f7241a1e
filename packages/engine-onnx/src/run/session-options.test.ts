import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { Graph } from '../graph/graph.js';
import { emit } from '../onnx/emit.js';
import { encodeModel } from '../onnx/model.js';
import { loadOnnxRuntime } from './onnxruntime.js';
import { INSTALL_COMMAND, ONNXRUNTIME_VERSION } from './onnxruntime-error.js';
import { SessionOptions, sessionSettings, tooManyThreads } from './session-options.js';

it('without options: every core, awake, one operation after the other', () => {
  expect(sessionSettings(SessionOptions.parse({}), 100)).toEqual({
    intraOpNumThreads: availableParallelism(),
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    extra: { session: { intra_op: { allow_spinning: '1', spin_duration_us: '20' } } },
  });
});

it('each option is a setting', () => {
  const options = SessionOptions.parse({
    threads: 1,
    spinMicroseconds: 0,
    graphOptimizationLevel: 'basic',
    logSeverity: 'verbose',
  });
  expect(sessionSettings(options, 100_000)).toEqual({
    intraOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'basic',
    logSeverityLevel: 0,
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
});

it('large graphs are not optimized a second time', () => {
  const levels = [4000, 4001].map((nodes) => sessionSettings(SessionOptions.parse({}), nodes).graphOptimizationLevel);
  expect(levels).toEqual(['all', 'disabled']);
});

it('more threads than cores are refused', () => {
  const cores = availableParallelism();
  expect(SessionOptions.safeParse({ threads: cores }).success).toBe(true);
  const { error } = SessionOptions.safeParse({ threads: cores + 1 });
  expect(error?.issues).toEqual([
    expect.objectContaining({ path: ['threads'], message: expect.stringMatching(`^${cores + 1} threads, `) as string }),
  ]);
});

it.each([
  [3, 2, '3 threads, but this process has 2 cores: '],
  [2, 1, '2 threads, but this process has 1 core: '],
])('%d threads on %d cores are told so', (threads, available, message) => {
  expect(tooManyThreads(threads, available)).toMatch(message);
});

it.each([{ threads: 0 }, { threads: 1.5 }, { graphOptimizationLevel: 'layout' }, { logSeverity: 2 }, { spin: true }])(
  '%j is no set of options',
  (options) => {
    expect(SessionOptions.safeParse(options).success).toBe(false);
  },
);

it('ONNX Runtime takes the settings', () => {
  const g = new Graph();
  const model = encodeModel(emit([{ name: 'y', value: g.neg(g.input('x', [2], 'float32')) }]));
  const runtime = loadOnnxRuntime();
  const session = runtime.createSession(model, sessionSettings(SessionOptions.parse({ spinMicroseconds: 0 }), 1));
  const { y } = session.run({ x: new runtime.Tensor('float32', Float32Array.of(1, -2), [2]) }, { y: null }, {});
  session.dispose();
  expect(Array.from(y!.data, Number)).toEqual([-1, 2]);
});

it('the version that is loaded is the one that the package asks for, and that the command installs', () => {
  const manifest = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  expect(manifest.peerDependencies['onnxruntime-node']).toBe(ONNXRUNTIME_VERSION);
  expect(INSTALL_COMMAND).toContain(`onnxruntime-node@${ONNXRUNTIME_VERSION}`);
});
