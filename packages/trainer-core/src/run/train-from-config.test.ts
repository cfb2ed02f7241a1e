import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

import {
  AutoEngine,
  Checkpointer,
  CheckpointState,
  ConfigDir,
  DataLoader,
  Dataset,
  DatasetReader,
  EagerEngine,
  Engine,
  evaluateModel,
  ExtraCallbacks,
  inject,
  InterruptedError,
  Model,
  Predictor,
  RandomStreamsToken,
  SerializationDir,
  TheModel,
  tokenOf,
  TrainerCallback,
  Trainer,
  ValidationDataLoader,
  Vocabulary,
} from '../index.js';
import type {
  Batch,
  CheckpointPosition,
  Checkpointable,
  EpochRequest,
  Instance,
  Json,
  ModelLike,
  Outputs,
  PluginLike,
  RandomStreams,
  RestoredCheckpoint,
  TensorMap,
  TrainingMetrics,
  TrainOptions,
} from '../index.js';
import { withLog } from '../log.js';
import { loadTrained } from './load-trained.js';
import { prepareRun } from './prepare-run.js';
import { trainFromConfig } from './train-from-config.js';

// What a run is made of, as small as it can be: a model with one weight, and a trainer that sets it.

@Model.register('constant', z.strictObject({ start: z.number().default(0), broken: z.boolean().default(false) }))
class Constant extends Model {
  private readonly weight: tf.Variable;

  constructor(options: { start: number; broken: boolean }) {
    super();
    if (options.broken) throw new RangeError('a broken model');
    this.weight = tf.tidy(() => tf.variable(tf.tensor1d([options.start])));
  }

  override forward(batch: Batch): Outputs {
    const loss = tf.mean(tf.abs(tf.sub(batch['value'] as tf.Tensor, this.weight)));
    return { loss };
  }

  override namedVariables(): Record<string, tf.Variable> {
    return { weight: this.weight };
  }

  override dispose(): void {
    this.weight.dispose();
  }
}

@DatasetReader.register('numbers')
class Numbers extends DatasetReader {
  override async *read(path: string): AsyncIterable<Instance> {
    const text = await readFile(path, 'utf8');
    for (const line of text.split('\n').filter(Boolean)) yield { value: Number(line) };
  }
}

@DataLoader.register(
  'default',
  z.strictObject({
    batchSize: z.int().positive().default(1),
    batchesPerEpoch: z.int().optional(),
  }),
)
class Batches extends DataLoader {
  override readonly resumability = 'seekable';

  constructor(
    private readonly options: { batchSize: number },
    @inject(Dataset) readonly instances: readonly Instance[],
  ) {
    super();
  }

  override length(): number {
    return Math.ceil(this.instances.length / this.options.batchSize);
  }

  override async *epoch(_: EpochRequest): AsyncIterable<Batch> {
    for (let i = 0; i < this.instances.length; i += this.options.batchSize) {
      const values = this.instances.slice(i, i + this.options.batchSize).map(({ value }) => value as number);
      yield { value: tf.tensor1d(values) };
    }
  }
}

@Vocabulary.register('from_instances', z.strictObject({ oovToken: z.string().optional() }))
class FromInstances extends Vocabulary {
  readonly tokens: string[];

  constructor(_: object, @inject(Dataset) instances: readonly Instance[]) {
    super();
    this.tokens = instances.map(({ value }) => String(value));
  }

  override indexOf(token: string): number {
    return this.tokens.indexOf(token);
  }

  override tokenOf(index: number): string {
    return this.tokens[index]!;
  }

  override size(): number {
    return this.tokens.length;
  }

  override async save(folder: string): Promise<void> {
    const { mkdir } = await import('node:fs/promises');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'tokens.txt'), this.tokens.join('\n'));
  }
}

@Vocabulary.register('from_files', z.strictObject({ directory: z.string(), oovToken: z.string().optional() }))
class FromFiles extends FromInstances {
  constructor(readonly options: { directory: string }) {
    super({}, []);
  }
}

@Checkpointer.register('default')
class WeightFile extends Checkpointer {
  constructor(
    _: object,
    @inject(SerializationDir) private readonly folder: string | null,
  ) {
    super();
  }

  private get path(): string {
    return join(this.folder!, 'best.txt');
  }

  override async saveCheckpoint(trainer: Checkpointable, _: CheckpointPosition): Promise<void> {
    const state = trainer.getCheckpointState();
    await writeFile(this.path, String((await state.modelState['weight']!.data())[0]));
    state.dispose();
  }

  override async maybeSaveCheckpoint(): Promise<boolean> {
    return false;
  }

  override async restoreCheckpoint(): Promise<RestoredCheckpoint | null> {
    const modelState = await this.bestModelState();
    return modelState === null ? null : { modelState, trainingState: {} };
  }

  override async bestModelState(): Promise<TensorMap | null> {
    if (!existsSync(this.path)) return null;
    return { weight: tf.tensor1d([Number(await readFile(this.path, 'utf8'))]) };
  }
}

const SetterOptions = z.strictObject({
  to: z.number().default(5),
  numEpochs: z.int().default(1),
  note: z.string().optional(),
  fail: z.enum(['error', 'late', 'interrupt']).optional(),
});

const trained: {
  options?: TrainOptions | undefined;
  callbacks?: readonly unknown[];
  seed?: number;
  configDir?: string;
  dir?: string | null;
  filesBefore?: readonly string[];
} = {};

/** A stranger's trainer: own options, parts from the run. */
@Trainer.register('setter', SetterOptions)
class Setter extends Trainer {
  constructor(
    private readonly options: z.output<typeof SetterOptions>,
    @inject(TheModel) private readonly model: ModelLike,
    @inject(DataLoader) private readonly loader: Batches,
    @inject(ValidationDataLoader) private readonly validation: Batches | null,
    @inject(SerializationDir) dir: string | null,
    @inject(RandomStreamsToken) streams: RandomStreams,
    @inject(ExtraCallbacks) callbacks: readonly unknown[],
    @inject(ConfigDir) configDir: string,
  ) {
    super({ serializationDir: dir });
    Object.assign(trained, { seed: streams.seed, callbacks, configDir, dir });
    if (dir !== null) trained.filesBefore = readdirSync(dir);
  }

  override async train(options?: TrainOptions): Promise<TrainingMetrics> {
    trained.options = options;
    if (this.options.fail === 'error') throw new RangeError('training failed');
    tf.tidy(() => this.model.namedVariables()['weight']!.assign(tf.tensor1d([this.options.to])));
    if (this.serializationDir !== null) {
      await new WeightFile({}, this.serializationDir).saveCheckpoint(this, {
        epoch: 0,
        batchesThisEpoch: 0,
        batchNumTotal: 1,
      });
    }
    if (this.options.fail === 'late') throw new RangeError('training failed late');
    if (this.options.fail === 'interrupt') throw new InterruptedError('stopped', 'SIGTERM');
    const { loss } = this.validation === null ? { loss: NaN } : await evaluateModel(this.model, this.validation);
    return { epoch: 0, instances: this.loader.instances.length, validation_loss: loss! };
  }

  override getCheckpointState(): CheckpointState {
    return new CheckpointState({ weight: tf.clone(this.model.namedVariables()['weight']!) }, {});
  }
}

const plugins = [Constant, Numbers, Batches, FromInstances, FromFiles, WeightFile, Setter] as PluginLike[];

let folder: string;
let dir: string;
let tensors: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-from-config-'));
  dir = join(folder, 'runs', 'first');
  await writeFile(join(folder, 'train.txt'), '1\n2\n3\n');
  await writeFile(join(folder, 'validation.txt'), '4\n8\n');
  await writeFile(join(folder, 'test.txt'), '5\n6\n');
  await writeFile(join(folder, 'empty.txt'), '');
  tensors = tf.memory().numTensors;
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(tensors);
});

const config = {
  datasetReader: 'numbers',
  trainDataPath: 'train.txt',
  validationDataPath: 'validation.txt',
  model: 'constant',
  dataLoader: { batchSize: 2 },
  trainer: { type: 'setter', to: 5 },
};

async function configFile(changes: object = {}): Promise<string> {
  const path = join(folder, 'run.json5');
  await writeFile(path, JSON.stringify({ ...config, ...changes }));
  return path;
}

async function train(changes: object = {}, options: object = {}): Promise<TrainingMetrics> {
  const result = await trainFromConfig(await configFile(changes), { plugins, ...options });
  result.dispose();
  return result.metrics;
}

describe('a run', () => {
  test('reads its data from the folder of the config, and uses the data loader entry for validation too', async () => {
    // |4 - 5| and |8 - 5|, one batch of two
    expect(await train()).toEqual({ epoch: 0, instances: 3, validation_loss: 2 });
    expect(trained).toMatchObject({ configDir: folder, seed: 13370, callbacks: [], dir: null });
  });

  test('uses the validation data loader where there is one', async () => {
    await expect(train({ validationDataLoader: { batchSize: 0 } })).rejects.toMatchObject({ code: 'X_CONFIG_INVALID' });
    // batches of one: the mean of 1 and 3 again, of two batches
    expect(await train({ validationDataLoader: { batchSize: 1 } })).toMatchObject({ validation_loss: 2 });
  });

  test('takes an object, overrides, plugins, callbacks and a seed in code', async () => {
    class Nothing extends TrainerCallback {}
    const callbacks = [new Nothing()];
    const controller = new AbortController();
    const result = await trainFromConfig(
      { ...config, randomSeed: 7 },
      {
        plugins,
        callbacks,
        configDir: folder,
        overrides: { 'trainer.to': 8 },
        signal: controller.signal,
        signals: false,
      },
    );
    expect(result.metrics).toMatchObject({ validation_loss: 2 });
    expect(result.container.get(TheModel)).toBe(result.model);
    expect(trained).toMatchObject({ seed: 7, callbacks, options: { signal: controller.signal, signals: false } });
    result.dispose();
  });

  test('writes its config after overrides, the versions, the vocabulary and valid JSON metrics', async () => {
    await train(
      { vocabulary: {}, validationDataPath: undefined },
      {
        serializationDir: dir,
        overrides: ['{ "trainer.to": 4 }', { trainDataPath: 'train.txt' }, '{ "trainer.to": 6 }'],
      },
    );
    expect((await readdir(dir)).sort()).toEqual(['best.txt', 'config.json', 'meta.json', 'metrics.json', 'vocabulary']);
    const read = async (name: string): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(join(dir, name), 'utf8')) as Record<string, unknown>;
    expect(await read('config.json')).toMatchObject({ trainer: { to: 6 }, model: 'constant' });
    expect(await read('metrics.json')).toEqual({ epoch: 0, instances: 3, validation_loss: 'NaN' });
    expect(await read('meta.json')).toMatchObject({
      starts: [
        {
          node: process.version,
          tfjs: tf.version_core,
          seed: 13370,
          configDir: '../..',
          engine: { name: 'eager', version: tf.version_core, backend: 'cpu' },
          plugins: { '@x/trainer-core': expect.stringMatching(/^\d+\.\d+/) },
        },
      ],
    });
    expect(await readFile(join(dir, 'vocabulary', 'tokens.txt'), 'utf8')).toBe('1\n2\n3');
  });

  test('makes its vocabulary of all data sets, or of the chosen ones', async () => {
    const tokens = (): Promise<string> => readFile(join(dir, 'vocabulary', 'tokens.txt'), 'utf8');
    await train({ vocabulary: {} }, { serializationDir: dir });
    expect(await tokens()).toBe('1\n2\n3\n4\n8');
    const chosen = { vocabulary: {}, datasetsForVocabCreation: ['validation'] };
    await train(chosen, { serializationDir: dir, force: true });
    expect(await tokens()).toBe('4\n8');
    await expect(train({ datasetsForVocabCreation: ['dev'] })).rejects.toThrow('datasetsForVocabCreation');
  });

  test('saves its vocabulary before the trainer is built', async () => {
    await train({ vocabulary: {} }, { serializationDir: dir });
    expect(trained.filesBefore).toEqual(['run.lock', 'vocabulary']);
  });

  test('warns where batchesPerEpoch cuts validation too', async () => {
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
    await train({ dataLoader: { batchSize: 2, batchesPerEpoch: 1 } }, { log });
    expect(warnings).toEqual([expect.stringContaining('validation is cut to 1 batches too')]);
    await train({ dataLoader: { batchSize: 2, batchesPerEpoch: 1 }, validationDataLoader: { batchSize: 2 } }, { log });
    expect(warnings).toHaveLength(1);
  });

  test('evaluates on the test data when asked, and says how when not', async () => {
    const messages: string[] = [];
    const log = { info: (text: string) => void messages.push(text), warn: (text: string) => void messages.push(text) };
    expect(await train({ testDataPath: 'test.txt' }, { log })).not.toHaveProperty('test_loss');
    expect(messages).toContainEqual(expect.stringContaining('evaluateOnTest'));
    // |5 - 5| and |6 - 5| in one batch
    expect(await train({ testDataPath: 'test.txt', evaluateOnTest: true })).toMatchObject({ test_loss: 0.5 });
  });

  test('goes on in its folder, with another number of epochs', async () => {
    await train({}, { serializationDir: dir });
    await train({ trainer: { type: 'setter', to: 5, numEpochs: 9 } }, { serializationDir: dir, recover: true });
    expect(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))).toMatchObject({ trainer: { numEpochs: 9 } });
    await expect(train({ randomSeed: 1 }, { serializationDir: dir, recover: true })).rejects.toMatchObject({
      code: 'X_DIR_OTHER_CONFIG',
    });
  });

  test('goes on anyway with another config if it is told to, and warns of what differs', async () => {
    await train({}, { serializationDir: dir });
    const warnings: string[] = [];
    const log = { info: () => undefined, warn: (text: string) => void warnings.push(text) };
    await train({ randomSeed: 1 }, { serializationDir: dir, recover: true, resume: 'anyway', log });
    expect(warnings).toContainEqual(expect.stringMatching(/another configuration[^]*randomSeed: the run has/));
    expect(trained.options).toMatchObject({ resume: 'anyway' });
    expect(JSON.parse(await readFile(join(dir, 'config.json'), 'utf8'))).toMatchObject({ randomSeed: 1 });
  });

  test('goes on in its folder on another engine', async () => {
    await train({ engine: 'auto' }, { serializationDir: dir });
    await train({ engine: 'eager' }, { serializationDir: dir, recover: true });
    await train({ engine: { type: 'auto', order: ['eager'] } }, { serializationDir: dir, recover: true });
    expect(JSON.parse(await readFile(join(dir, 'meta.json'), 'utf8'))).toMatchObject({
      starts: [{ engine: { name: 'eager' } }, {}, {}],
    });
  });

  test('has one engine, of its config or its trainer, for training, the end, and what is done with it later', async () => {
    const calls: string[] = [];
    @Engine.register('recorded')
    class Recorded extends EagerEngine {
      override async prepare(): Promise<void> {
        calls.push('prepare');
        await super.prepare();
      }

      override run(...request: Parameters<Engine['run']>): ReturnType<Engine['run']> {
        calls.push(request[0].name);
        return super.run(...request);
      }

      override async dispose(): Promise<void> {
        calls.push('dispose');
        throw new RangeError('stuck');
      }
    }
    const warnings: string[] = [];
    const told: string[] = [];
    const log = { info: (text: string) => void told.push(text), warn: (text: string) => void warnings.push(text) };
    const changes = { testDataPath: 'test.txt', evaluateOnTest: true };
    const options = { plugins: [...plugins, Recorded] };
    await withLog(log, () => train({ ...changes, engine: 'recorded' }, options));
    expect(calls).toEqual(['prepare', 'prepare', 'evaluate', 'dispose']);
    expect(warnings).toEqual(['engine "recorded" could not be freed: stuck']);
    expect(told).toContain(`engine: eager (${tf.version_core}, backend "cpu")`);

    const trainer = { type: 'gradient_descent', engine: 'recorded' };
    const run = await prepareRun({ ...config, trainer }, options);
    expect(run.container.get(tokenOf(Engine))).toBeInstanceOf(Recorded);
    const byDefault = await prepareRun(config, { plugins });
    expect(byDefault.container.get(tokenOf(Engine))).toBeInstanceOf(AutoEngine);
  });

  test('that is dry builds everything, writes config and vocabulary, and trains nothing', async () => {
    delete trained.options;
    const config = await configFile({ vocabulary: {}, testDataPath: 'test.txt' });
    const result = await trainFromConfig(config, { plugins, serializationDir: dir, dryRun: true });
    expect(result.metrics).toEqual({});
    expect(trained.options).toBeUndefined();
    expect((await readdir(dir)).sort()).toEqual(['config.json', 'meta.json', 'vocabulary']);
    expect(result.datasets).toMatchObject({ train: { length: 3 }, test: { length: 2 } });
    expect(result.vocabulary).toBeInstanceOf(FromInstances);
    result.dispose();
    await expect(train({ model: { type: 'constant', broken: true } }, { dryRun: true })).rejects.toThrow(
      'a broken model',
    );
  });
});

describe('bad input leaves no folder and no tensor', () => {
  test.each<[string, object, object, string, RegExp]>([
    [
      'an unknown key',
      { trainer: { type: 'setter', too: 1 } },
      {},
      'X_CONFIG_UNKNOWN_KEY',
      /trainer.too: unknown key "too"; did you mean "to"\?/,
    ],
    [
      'a wrong type',
      { trainer: { type: 'setter', to: '1' } },
      {},
      'X_CONFIG_WRONG_TYPE',
      /trainer.to: expected number, received string "1"/,
    ],
    ['an unknown name', { model: 'constnt' }, {}, 'X_CONFIG_UNKNOWN_NAME', /model.type: .* did you mean "constant"\?/],
    ['a missing package', { plugins: ['x-nowhere'] }, {}, 'X_PLUGIN_MISSING', /npm install x-nowhere/],
    ['a plugin list that is none', { plugins: 'x' }, {}, 'X_CONFIG_WRONG_TYPE', /plugins: expected a list of packages/],
    ['a file that is no plugin', { plugins: ['./plugin.js'] }, {}, 'X_PLUGIN_NOT_A_PLUGIN', /is not a plugin/],
    ['both spellings', { train_data_path: 'x' }, {}, 'X_CONFIG_TWO_SPELLINGS', /two spellings/],
    [
      'a misplaced key',
      { trainer: { type: 'setter', model: 'constant' } },
      {},
      'X_CONFIG_MISPLACED_KEY',
      /the top level/,
    ],
    ['an override into nothing', {}, { overrides: { 'a.b': 1 } }, 'X_CONFIG_OVERRIDE', /the config has no "a"/],
    [
      'a missing variable',
      { trainDataPath: '${NO_SUCH_VARIABLE}' },
      {},
      'X_CONFIG_ENVIRONMENT',
      /NO_SUCH_VARIABLE is not set/,
    ],
    [
      'empty data',
      { trainDataPath: 'empty.txt' },
      {},
      'X_DATA_EMPTY',
      /No instances were read from the given filepath empty.txt/,
    ],
    [
      'data that is not there',
      { validationDataPath: 'none.txt' },
      {},
      'X_DATA_INVALID',
      /none.txt could not be read by Numbers: ENOENT/,
    ],
    [
      'a model that throws',
      { model: { type: 'constant', broken: true } },
      {},
      'X_COMPONENT_FAILED',
      /model "constant" could not be built: a broken model/,
    ],
    [
      'a loader without its data',
      { validationDataPath: null, validationDataLoader: {} },
      {},
      'X_DEPENDENCY_MISSING',
      /dataLoader "default" needs Dataset/,
    ],
    ['recover and force', {}, { recover: true, force: true }, 'X_DIR_NOT_EMPTY', /exclude each other/],
    ['nothing to recover', {}, { recover: true }, 'X_DIR_MISSING', /there is no run to recover/],
  ])('%s', async (_, changes, options, code, message) => {
    await writeFile(join(folder, 'plugin.js'), 'exports.default = 3;');
    const run = (): Promise<unknown> => train(changes, { serializationDir: dir, ...options });
    await expect(run()).rejects.toMatchObject({ code });
    await expect(run()).rejects.toThrow(message);
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });

  test('two plugins with one name', async () => {
    @Model.register('constant')
    class Another extends Constant {}
    await expect(train({}, { plugins: [...plugins, Another] })).rejects.toMatchObject({
      code: 'X_PLUGIN_DUPLICATE_NAME',
    });
  });

  test('parts that need each other', async () => {
    @Engine.register('circular')
    class Circular extends EagerEngine {
      constructor(
        _: object,
        @inject(Engine) readonly self: Engine,
      ) {
        super();
      }
    }
    @Model.register('on-engine')
    class OnEngine extends Constant {
      constructor(
        _: object,
        @inject(Engine) readonly engine: Engine,
      ) {
        super({ start: 0, broken: false });
      }
    }
    const run = train(
      { engine: 'circular', model: 'on-engine' },
      { plugins: [...plugins, Circular, OnEngine], serializationDir: dir },
    );
    await expect(run).rejects.toMatchObject({ name: 'DependencyError', code: 'X_DEPENDENCY_CYCLE' });
    expect(existsSync(dir)).toBe(false);
  });

  test('a folder that is not empty is left as it is', async () => {
    await train({}, { serializationDir: dir });
    const before = await readdir(dir);
    await expect(train({}, { serializationDir: dir })).rejects.toMatchObject({ code: 'X_DIR_NOT_EMPTY' });
    const force = { serializationDir: dir, force: true };
    await expect(train({ model: { type: 'constant', broken: true } }, force)).rejects.toThrow('a broken model');
    expect(await readdir(dir)).toEqual(before);
  });

  test('a folder that cannot be written is found before any plugin is loaded', async () => {
    const run = train({ plugins: ['x-nowhere'] }, { serializationDir: join(folder, 'train.txt', 'run') });
    await expect(run).rejects.toMatchObject({ code: 'X_DIR_NOT_WRITABLE' });
  });

  test('several problems are one error with the name of the file', async () => {
    const run = train({ model: 'x', trainer: { type: 'setter', too: 1 }, extra: 1 });
    await expect(run).rejects.toMatchObject({
      name: 'ConfigError',
      code: 'X_CONFIG',
      source: join(folder, 'run.json5'),
    });
    await expect(run).rejects.toThrow(/has 3 problems/);
  });
});

describe('training that fails', () => {
  test('or is interrupted keeps the run that it was to replace, until there is a checkpoint', async () => {
    await train({}, { serializationDir: dir });
    const before = await readdir(dir);
    const again = train({ trainer: { type: 'setter', fail: 'interrupt' } }, { serializationDir: dir, force: true });
    await expect(again).rejects.toBeInstanceOf(InterruptedError);
    const [kept] = (await readdir(dir)).filter((name) => name.startsWith('.replaced-'));
    expect(await readdir(join(dir, kept!))).toEqual(before);
  });

  test('before any result leaves no folder', async () => {
    await expect(train({ trainer: { type: 'setter', fail: 'error' } }, { serializationDir: dir })).rejects.toThrow(
      'training failed',
    );
    expect(existsSync(dir)).toBe(false);
  });

  test.each(['late', 'interrupt'])('with a result (%s) keeps it', async (fail) => {
    await expect(train({ trainer: { type: 'setter', fail } }, { serializationDir: dir })).rejects.toThrow();
    expect((await readdir(dir)).sort()).toEqual(['best.txt', 'config.json', 'meta.json']);
  });
});

test('a prepared run is checked, and nothing of it is built', async () => {
  const run = await prepareRun(await configFile({ model: { type: 'constant', broken: true } }), { plugins });
  expect(run.options.model).toMatchObject({ registration: { name: 'constant' } });
  expect(run.registry.find('trainer', 'setter')).toMatchObject({ target: Setter });
});

describe('a trained model', () => {
  beforeEach(async () => {
    await train({ vocabulary: { oov_token: '?' }, testDataPath: 'test.txt' }, { serializationDir: dir });
  });

  test.each(['best', 'latest'] as const)('is loaded from its folder, with its %s weights', async (weights) => {
    const { model, run, dispose } = await loadTrained(dir, { plugins, weights });
    expect(await model.namedVariables()['weight']!.data()).toEqual(new Float32Array([5]));
    expect(run.container.find(Vocabulary)).toMatchObject({
      options: { directory: join(dir, 'vocabulary'), oovToken: '?' },
    });
    expect(run.configDir).toBe(folder);
    dispose();
  });

  test('is not loaded from a file', async () => {
    await expect(loadTrained(join(folder, 'test.txt'), { plugins })).rejects.toMatchObject({
      code: 'X_DIR_MISSING',
      message: expect.stringContaining('loadArchive()') as unknown,
    });
  });

  test('is evaluated on its test data, or on other data', async () => {
    const { model, dataLoader, dispose } = await loadTrained(dir, { plugins });
    expect(await evaluateModel(model, await dataLoader())).toEqual({ loss: 0.5 });
    expect(await evaluateModel(model, await dataLoader('train.txt'))).toEqual({
      loss: expect.closeTo((3.5 + 2) / 2, 6),
    });
    await expect(dataLoader('none.txt')).rejects.toMatchObject({ code: 'X_DATA_INVALID' });
    dispose();
  });

  test('answers with its predictor', async () => {
    @Predictor.register('weight')
    class Weight extends Predictor {
      constructor(
        _: object,
        @inject(TheModel) private readonly model: ModelLike,
        @inject(DatasetReader) readonly reader: DatasetReader,
      ) {
        super();
      }

      override async predict(requests: readonly Json[]): Promise<Json[]> {
        const [weight] = await this.model.namedVariables()['weight']!.data();
        return requests.map((request) => Number(request) + weight!);
      }
    }
    const options = { plugins: [...plugins, Weight], overrides: { predictor: 'weight' } };
    const { predictor, dispose } = await loadTrained(dir, options);
    expect(await (await predictor()).predict([1, 2])).toEqual([6, 7]);
    dispose();
    const without = await loadTrained(dir, { plugins });
    await expect(without.predictor()).rejects.toMatchObject({ name: 'ConfigError', code: 'X_CONFIG_UNKNOWN_NAME' });
    without.dispose();
  });

  test('is loaded with the text that its config holds, whatever the environment', async () => {
    const other = join(folder, 'other');
    await train({ trainer: { type: 'setter', note: '$${NOT_A_VARIABLE}' } }, { serializationDir: other });
    const { run, dispose } = await loadTrained(other, { plugins });
    expect(run.options.trainer).toMatchObject({ options: { note: '${NOT_A_VARIABLE}' } });
    dispose();
  });

  test('is refused where there is none', async () => {
    await expect(loadTrained(folder, { plugins })).rejects.toMatchObject({ code: 'X_DIR_MISSING' });
    await rm(join(dir, 'best.txt'));
    await expect(loadTrained(dir, { plugins })).rejects.toMatchObject({
      name: 'CheckpointError',
      code: 'X_CHECKPOINT',
    });
    await expect(loadTrained(dir, { plugins: plugins.filter((plugin) => plugin !== WeightFile) })).rejects.toThrow(
      /checkpointer.type: no listed plugin provides the checkpointer "default"/,
    );
  });
});
