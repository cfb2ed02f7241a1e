import { recordDifferences } from './run-record.js';
import type { RunRecord } from './run-record.js';

const record: RunRecord = {
  seed: 1,
  workers: 1,
  numGradientAccumulationSteps: 2,
  validationMetric: '-loss',
  gradNorm: null,
  gradClipping: null,
  device: -1,
  rules: { checkpointAt: 'afterCallbacks' },
  parts: { optimizer: 'adam', learningRateScheduler: null, metrics: ['accuracy'] },
  data: { loader: 'default', examples: 100, order: 'ab' },
  validationData: null,
  engine: { name: 'onnx', version: '1.30.0', threads: 2 },
  versions: { tfjs: '4.22.0' },
  config: null,
};

it('a run is itself, also after it was JSON', () => {
  expect(recordDifferences(JSON.parse(JSON.stringify(record)) as RunRecord, record)).toEqual([]);
});

it.each<[Partial<RunRecord>, string[]]>([
  [{ seed: 2 }, ['seed: the checkpoint has 1, this run has 2']],
  [{ workers: 4 }, ['workers: the checkpoint has 1, this run has 4']],
  [{ numGradientAccumulationSteps: 1 }, ['numGradientAccumulationSteps: the checkpoint has 2, this run has 1']],
  [{ validationMetric: '+f1' }, ['validationMetric: the checkpoint has "-loss", this run has "+f1"']],
  [{ gradNorm: 1 }, ['gradNorm: the checkpoint has null, this run has 1']],
  [{ gradClipping: 5 }, ['gradClipping: the checkpoint has null, this run has 5']],
  [{ device: 0 }, ['device: the checkpoint has -1, this run has 0']],
  [
    { rules: { checkpointAt: 'beforeCallbacks' } },
    ['rules.checkpointAt: the checkpoint has "afterCallbacks", this run has "beforeCallbacks"'],
  ],
  [
    { parts: { ...record.parts, optimizer: 'sgd', metrics: [] } },
    [
      'parts.optimizer: the checkpoint has "adam", this run has "sgd"',
      'parts.metrics: the checkpoint has ["accuracy"], this run has []',
    ],
  ],
  [{ data: { ...record.data, examples: 99 } }, ['data.examples: the checkpoint has 100, this run has 99']],
  [
    { validationData: { loader: 'default' } },
    [
      'validationData: the checkpoint has null, this run has nothing',
      'validationData.loader: the checkpoint has nothing, this run has "default"',
    ],
  ],
  [
    { engine: { name: 'eager', version: '4.22.0' } },
    [
      'engine.name: the checkpoint has "onnx", this run has "eager"',
      'engine.version: the checkpoint has "1.30.0", this run has "4.22.0"',
      'engine.threads: the checkpoint has 2, this run has nothing',
    ],
  ],
  [{ versions: { tfjs: '4.23.0' } }, ['versions.tfjs: the checkpoint has "4.22.0", this run has "4.23.0"']],
])('%j is told with what was and what is', (change, expected) => {
  expect(recordDifferences(record, { ...record, ...change })).toEqual(expected);
});

it('configs are compared by their entries, and may differ in how long is trained', () => {
  const withConfig = (trainer: object): RunRecord => ({ ...record, config: { hash: '0', values: { trainer } } });
  const before = withConfig({ numEpochs: 3, optimizer: { lr: 0.1 } });
  expect(recordDifferences(before, withConfig({ numEpochs: 9, optimizer: { lr: 0.1 } }))).toEqual([]);
  expect(recordDifferences(before, withConfig({ numEpochs: 3, optimizer: { lr: 0.2 } }))).toEqual([
    'trainer.optimizer.lr: the run has number 0.1, the config number 0.2',
  ]);
  expect(recordDifferences(before, record)).toEqual([]);
});

it('what an older release did not record is not compared', () => {
  expect(recordDifferences({ engine: record.engine }, { ...record, seed: 9 })).toEqual([]);
});
