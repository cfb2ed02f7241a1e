import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The built command, as a user runs it: the test target of this package builds first.
const bin = join(__dirname, '..', 'bin', 'x-train.js');

let folder: string;
beforeAll(() => {
  // inside the package, so that a config finds the packages that are installed for it
  folder = mkdtempSync(join(__dirname, '..', 'runs-'));
  cpSync(join(__dirname, '__fixtures__', 'plugin.mjs'), join(folder, 'plugin.mjs'));
  writeFileSync(
    join(folder, 'same-name.mjs'),
    readFileSync(join(folder, 'plugin.mjs'), 'utf8').replace("'fixture'", "'twin'"),
  );
  writeFileSync(join(folder, 'no-plugin.mjs'), 'export default 42;');
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Finished {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

interface How {
  readonly input?: string;
  readonly cwd?: string;
  /** Options of Node. */
  readonly node?: readonly string[];
}

function xTrain(args: readonly string[], { input = '', cwd = folder, node = [] }: How = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [...node, bin, ...args], { cwd });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (status) => resolve({ status, out, err }));
    child.stdin.end(input);
  });
}

const base = {
  plugins: ['@x/optim', '@x/schedulers', '@x/data', '@x/checkpoint', './plugin.mjs'],
  datasetReader: 'points',
  trainDataPath: '40',
  validationDataPath: '20',
  testDataPath: '20',
  evaluateOnTest: true,
  model: { type: 'line' },
  dataLoader: { batchSize: 10, shuffle: true },
  trainer: { numEpochs: 3, optimizer: { type: 'sgd', lr: 0.5 } },
};

let configs = 0;
function configFile(config: object): string {
  const name = `config-${configs++}.json`;
  writeFileSync(join(folder, name), JSON.stringify(config));
  return name;
}

const withTrainer = (options: object): object => ({ ...base, trainer: { ...base.trainer, ...options } });

describe('x-train', () => {
  it('trains, evaluates and predicts', async () => {
    const trained = await xTrain(['train', configFile(base), '-s', 'run']);
    expect(trained).toMatchObject({ status: 0, err: '' });
    expect(trained.out).toContain('epoch 3/3');
    expect(readdirSync(join(folder, 'run'))).toEqual(
      expect.arrayContaining(['best.json', 'config.json', 'metrics.json']),
    );

    const evaluated = await xTrain(['evaluate', 'run/model.tar.gz', '--output-file', 'evaluation.json']);
    expect(evaluated).toMatchObject({ status: 0, err: '' });
    const { test_loss: testLoss } = JSON.parse(readFileSync(join(folder, 'run', 'metrics.json'), 'utf8')) as {
      test_loss: number;
    };
    expect((JSON.parse(readFileSync(join(folder, 'evaluation.json'), 'utf8')) as { loss: number }).loss).toBeCloseTo(
      testLoss,
      6,
    );

    const predicted = await xTrain(['predict', 'run'], { input: '{"x": 1}\n{"x": 3}\n' });
    expect(predicted).toMatchObject({ status: 0, err: '' });
    const [one, three] = predicted.out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { prediction: number }).prediction);
    expect(three! / one!).toBeCloseTo(3, 4);
  }, 30_000);

  it('evaluates from anywhere, with the packages that are installed beside the config', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'x-train-elsewhere-'));
    try {
      expect((await xTrain(['train', configFile(base), '-s', join(elsewhere, 'run')])).status).toBe(0);
      const evaluated = await xTrain(['evaluate', 'run'], { cwd: elsewhere });
      expect(evaluated).toMatchObject({ status: 0, err: '' });
      expect(evaluated.out).toMatch(/^loss {2}\d/m);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  }, 30_000);

  it('says that a file of requests cannot be read', async () => {
    await xTrain(['train', configFile(base), '-s', 'asked']);
    const { status, err } = await xTrain(['predict', 'asked', 'nowhere.jsonl']);
    expect(status).toBe(1);
    expect(err).toMatch(/^error: nowhere\.jsonl cannot be read: ENOENT.*\n$/);
  }, 30_000);

  it('stops with one line on an old Node, before it imports anything', async () => {
    const old = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "18.20.0" } })';
    const { status, out, err } = await xTrain(['--help'], { node: ['--import', `data:text/javascript,${old}`] });
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toMatch(/^x-train needs Node 20\.19 or newer.*\n$/);
  });

  it('saves on SIGTERM in the middle of an epoch, exits 143, and --recover finishes the run', async () => {
    const slow = {
      ...base,
      trainDataPath: '1000',
      model: { type: 'line', milliseconds: 20 },
      dataLoader: { batchSize: 5 },
    };
    const config = configFile({ ...slow, trainer: { ...base.trainer, numEpochs: 1, callbacks: [] } });
    const child = xTrainAndKill(['train', config, '-s', 'stopped']);
    expect((await child).status).toBe(143);
    expect(readdirSync(join(folder, 'stopped', 'checkpoints'))[0]).toMatch(/^epoch_0_step_\d+$/);

    const finished = await xTrain(['train', config, '-s', 'stopped', '--recover']);
    expect(finished.status).toBe(0);
    expect(finished.out).toContain('going on in epoch 1');
  }, 60_000);

  it('checks everything with --dry-run and trains nothing', async () => {
    const { status, out } = await xTrain(['train', configFile(base), '-s', 'dry', '--dry-run']);
    expect(status).toBe(0);
    expect(out).toContain('is fine');
    expect(readdirSync(join(folder, 'dry')).sort()).toEqual(['config.json', 'meta.json', 'out.log']);
  }, 20_000);

  it('tells what works here and prints the schema of the listed plugins', async () => {
    const config = configFile(base);
    expect((await xTrain(['doctor', config])).out).toMatch(/eager +usable/);
    const schema = JSON.parse((await xTrain(['schema', config])).out) as { properties: object };
    expect(Object.keys(schema.properties)).toEqual(expect.arrayContaining(['model', 'dataLoader', 'trainer']));
  }, 20_000);
});

/** Ends the run by SIGTERM when its folder has its config, so that training is under way. */
async function xTrainAndKill(args: readonly string[]): Promise<{ status: number | null }> {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder });
  const log = join(folder, args.at(-1)!, 'meta.json');
  const timer = setInterval(() => {
    if (!existsSync(log)) return;
    clearInterval(timer);
    setTimeout(() => child.kill('SIGTERM'), 1500);
  }, 50);
  return new Promise((resolve) => child.on('close', (status) => resolve({ status })));
}

describe('bad input gives one message with a code, exit status 1, and leaves nothing behind', () => {
  const rows: readonly (readonly [name: string, config: object, code: string, text: string])[] = [
    [
      'an unknown key',
      withTrainer({ patiance: 3 }),
      'X_CONFIG_UNKNOWN_KEY',
      'trainer.patiance: unknown key "patiance"; did you mean "patience"?',
    ],
    ['a wrong type', withTrainer({ numEpochs: '3' }), 'X_CONFIG_WRONG_TYPE', 'trainer.numEpochs: expected'],
    ['an unknown name', withTrainer({ optimizer: 'adamm' }), 'X_CONFIG_UNKNOWN_NAME', 'did you mean "adam"?'],
    [
      'a package that is not listed',
      { ...base, plugins: base.plugins.slice(1) },
      'X_CONFIG_UNKNOWN_NAME',
      'add "@x/optim" to "plugins"',
    ],
    [
      'a missing package',
      { ...base, plugins: [...base.plugins, '@acme/nothing'] },
      'X_PLUGIN_MISSING',
      'npm install @acme/nothing',
    ],
    [
      'a module that is no plugin',
      { ...base, plugins: [...base.plugins, './no-plugin.mjs'] },
      'X_PLUGIN_NOT_A_PLUGIN',
      'no-plugin.mjs',
    ],
    [
      'two plugins with one name',
      { ...base, plugins: [...base.plugins, './same-name.mjs'] },
      'X_PLUGIN_DUPLICATE_NAME',
      'fixture',
    ],
    ['a dependency cycle', withTrainer({ optimizer: 'circular' }), 'X_DEPENDENCY_CYCLE', '->'],
    ['both spellings of a key', withTrainer({ numEpochs: 1, num_epochs: 1 }), 'X_CONFIG_TWO_SPELLINGS', 'num_epochs'],
    ['patience 0', withTrainer({ patience: 0 }), 'X_CONFIG_INVALID', 'trainer.patience'],
    ['a metric without a sign', withTrainer({ validationMetric: 'loss' }), 'X_CONFIG_INVALID', 'must start with +'],
    [
      'a metric that the model does not produce',
      withTrainer({ validationMetric: '+f1' }),
      'X_METRIC_UNKNOWN',
      'available are loss',
    ],
    [
      'a model without a loss',
      { ...base, model: { type: 'line', loss: 'none' } },
      'X_MODEL_NO_LOSS',
      'must return a scalar "loss"',
    ],
    ['a NaN loss', { ...base, model: { type: 'line', loss: 'nan' } }, 'X_NAN_LOSS', 'nothing of this step was applied'],
    ['no data', { ...base, trainDataPath: '0' }, 'X_DATA_EMPTY', '0'],
    ['everything frozen', withTrainer({ noGrad: ['.*'] }), 'X_MODEL_NOTHING_TO_TRAIN', 'frozen'],
    [
      'a part that belongs elsewhere',
      withTrainer({ model: { type: 'line' } }),
      'X_CONFIG_MISPLACED_KEY',
      'trainer.model',
    ],
    ['an opt level that nobody provides', withTrainer({ optLevel: 'O1' }), 'X_CONFIG_UNKNOWN_NAME', '@x/amp'],
    ['a device that is not there', withTrainer({ cudaDevice: 0 }), 'X_DEVICE', '@x/engine-tensorflow'],
    ['one worker of one', withTrainer({ distributed: true }), 'X_DISTRIBUTED', 'more than 1 worker'],
  ];

  it.each(rows)(
    '%s',
    async (_, config, code, text) => {
      const { status, err } = await xTrain(['train', configFile(config), '-s', 'bad']);
      expect(err).toContain(text);
      expect(err).toContain(`[${code}]`);
      expect(err).not.toContain('    at ');
      expect(status).toBe(1);
      expect(existsSync(join(folder, 'bad'))).toBe(false);
    },
    20_000,
  );

  it.each<[string, string[], string]>([
    ['a folder that is not empty', [], 'X_DIR_NOT_EMPTY'],
    ['--recover with --force', ['--recover', '--force'], 'X_'],
  ])(
    '%s',
    async (_, flags, code) => {
      mkdirSync(join(folder, 'used'), { recursive: true });
      writeFileSync(join(folder, 'used', 'precious.txt'), 'keep me');
      const { status, err } = await xTrain(['train', configFile(base), '-s', 'used', ...flags]);
      expect(err).toContain(code);
      expect(status).toBe(1);
      expect(readFileSync(join(folder, 'used', 'precious.txt'), 'utf8')).toBe('keep me');
    },
    20_000,
  );

  it('a file in place of a folder', async () => {
    writeFileSync(join(folder, 'file'), '');
    const { status, err } = await xTrain(['train', configFile(base), '-s', join('file', 'run')]);
    expect(err).toContain('[X_DIR_');
    expect(status).toBe(1);
  }, 20_000);
});
