import '@tensorflow/tfjs';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

import { CHECKPOINT, DATA, Workplace } from '../__fixtures__/in-process.js';

let at: Workplace;
beforeAll(async () => {
  at = await Workplace.make();
  await at.write('data.txt', '1\n2\n3\n');
});
afterAll(() => at.remove());

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

const base = {
  plugins: ['./stub.js', CHECKPOINT],
  model: { type: 'line' },
  dataLoader: { type: 'two-points' },
  validationDataLoader: { type: 'two-points' },
  trainer: { numEpochs: 2, optimizer: { type: 'plain' } },
};

let count = 0;
async function train(
  changes: object,
  ...flags: string[]
): Promise<{ folder: string; status: number; out: string; err: string }> {
  const config = await at.write(`config-${count}.json`, { ...base, ...changes });
  const folder = at.path(`run-${count++}`);
  return { folder, ...(await at.xTrain(['train', config, '-s', folder, ...flags])) };
}

const logOf = (folder: string): string => readFileSync(join(folder, 'out.log'), 'utf8');

describe('the log of a run', () => {
  it('has what the run said, with time and level, in lines', async () => {
    const { folder, out } = await train({});
    const lines = logOf(folder).trim().split('\n');
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (INFO|WARNING|ERROR) .*\S$/);
    const said = lines.map((line) => line.replace(/^\S+ \S+ /, ''));
    expect(said.filter((line) => line.startsWith('epoch '))).toHaveLength(2);
    for (const line of ['all 2 epochs were trained', 'Epoch 0/1']) expect(said).toContain(line);
    expect(said).toContain(out.split('\n').find((line) => line.startsWith('everything is in')));
  });

  it('goes on where the run goes on, and has the error that ended it', async () => {
    const { folder } = await train({});
    const before = logOf(folder);
    const again = ['train', at.path(`config-${count - 1}.json`), '-s', folder, '-r'];
    expect(await at.xTrain([...again, '-o', '{"trainer.numEpochs": 3}'])).toMatchObject({ status: 0 });
    expect(logOf(folder).startsWith(before)).toBe(true);
    expect(logOf(folder)).toContain('going on in epoch 3');
  });

  it('of a run that fails before its first result goes with its folder', async () => {
    const { folder, status, err } = await train({ trainer: { ...base.trainer, validationMetric: '+nothing' } });
    expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining('X_METRIC_UNKNOWN') as string });
    expect(existsSync(folder)).toBe(false);
  });
});

it('early stopping says so, when it happens and in the summary', async () => {
  const { out, folder } = await train({
    trainer: { ...base.trainer, numEpochs: 9, patience: 1, validationMetric: '+loss' },
  });
  const reason = 'early stopping in epoch 2 of 9: 1 epochs in a row did not improve the validation metric';
  expect(out.split('\n').filter((line) => line === reason)).toHaveLength(2);
  expect(logOf(folder)).toContain(reason);
});

describe('with --recover', () => {
  const again = (folder: string, ...flags: string[]): ReturnType<Workplace['xTrain']> =>
    at.xTrain(['train', at.path(`config-${count - 1}.json`), '-s', folder, '-r', ...flags]);

  it.each([
    [[], '2 epochs are done, and numEpochs is 2'],
    [['-o', '{"trainer.numEpochs": 1}'], '2 epochs are done, and numEpochs is 1'],
  ])('a run that is over says that nothing is left, and what to do: %s', async (flags, reason) => {
    const { folder } = await train({});
    const { out, status } = await again(folder, ...flags);
    expect(status).toBe(0);
    expect(out).toContain(`nothing is left to train: ${reason}; to go on, raise trainer.numEpochs\n`);
    expect(out).not.toMatch(/going on in|epochs were trained/);
  });

  it('a run that had no checkpoint yet says that it begins again', async () => {
    const { folder } = await train({});
    for (const name of ['checkpoints', 'best.json', 'latest.json']) rmSync(join(folder, name), { recursive: true });
    expect((await again(folder)).err).toContain('there is no checkpoint to go on from: the run begins at its start');
  });
});

it('--resume without --recover is refused, and nothing is made', async () => {
  const { folder, status, err } = await train({}, '--resume', 'anyway');
  expect({ status, err }).toEqual({
    status: 1,
    err: expect.stringMatching(/give --recover too \[X_USAGE\]/) as string,
  });
  expect(existsSync(folder)).toBe(false);
});

it('a callback that stops training is named as the reason, and what can be run next are commands that work', async () => {
  const { out, folder } = await train({ trainer: { ...base.trainer, callbacks: ['stop'] } });
  expect(out).toContain('a callback asked to stop in epoch 1\n\na callback');
  expect(out).toContain(`next: x-train evaluate ${folder} [data] --weights latest\n`);
});

it('file-friendly logging writes lines on a terminal too', async () => {
  const config = await at.write('terminal.json', base);
  const onTerminal = async (...flags: string[]): Promise<string> => {
    let out = '';
    const terminal = { isTTY: true, columns: 80, cursorTo: jest.fn(), clearLine: jest.fn(), moveCursor: jest.fn() };
    const { run } = await import('../program.js');
    const io = { ...at.io(), out: { ...terminal, write: (text: string) => (out += text) } };
    expect(await run(['train', config, '-s', at.path(`terminal-${flags.length}`), ...flags], io)).toBe(0);
    return out;
  };
  expect(await onTerminal()).toContain('\u001B[?25l');
  expect(await onTerminal('--file-friendly-logging')).not.toContain('\u001B');
});

it('several overrides act one after the other', async () => {
  const { folder } = await train({}, '-o', '{"trainer.numEpochs": 4}', '--overrides', '{"trainer.numEpochs": 1}');
  expect(existsSync(join(folder, 'metrics_epoch_0.json'))).toBe(true);
  expect(existsSync(join(folder, 'metrics_epoch_1.json'))).toBe(false);
});

describe('a run with data of a reader', () => {
  const withReader = { datasetReader: 'lines', trainDataPath: 'data.txt', testDataPath: 'data.txt' };

  it('that is dry says what the data are', async () => {
    const { out, status } = await train(withReader, '--dry-run');
    expect(status).toBe(0);
    expect(out).toContain('training data: 3 examples\n  line  strings, 3 different ones\ntest data: 3 examples\n');
  });

  it('that is dry says how large the vocabulary is', async () => {
    await at.write('words.jsonl', '{"x":["a","b","a"],"y":"pos"}\n{"x":["c"],"y":"neg"}\n');
    const datasetReader = { type: 'jsonl', namespaces: { x: 'tokens', y: 'labels' } };
    const changes = { plugins: [...base.plugins, DATA], datasetReader, trainDataPath: 'words.jsonl' };
    const { out, folder } = await train(changes, '--dry-run');
    // padding, unknown, a, b and c
    expect(out).toContain('\nvocabulary: 5 tokens, 2 labels\n');
    expect(readdirSync(join(folder, 'vocabulary')).sort()).toContain('labels.txt');
  });

  it('says how its test data are evaluated', async () => {
    expect((await train(withReader)).out).toContain('with evaluateOnTest: true');
    const { out, folder } = await train({ ...withReader, evaluateOnTest: true });
    expect(out).not.toContain('with evaluateOnTest: true');
    expect(JSON.parse(readFileSync(join(folder, 'metrics.json'), 'utf8'))).toHaveProperty('test_loss');
  });
});

describe('a run that is interrupted', () => {
  it('archives its best weights', async () => {
    // in the second epoch: the checkpoint of an epoch is saved after its callbacks
    const { folder, status, err } = await train({
      trainer: { ...base.trainer, callbacks: [{ type: 'interrupt', at: 1 }] },
    });
    expect({ status, err }).toEqual({ status: 130, err: 'by hand\n' });
    expect(readdirSync(folder)).toContain('model.tar.gz');
    expect(logOf(folder)).toMatch(/ERROR by hand\n$/);
  });

  it('has no archive where it has no best weights yet', async () => {
    const callbacks = [{ type: 'interrupt', at: -1 }];
    const { folder, status } = await train({ trainer: { ...base.trainer, callbacks } });
    expect(status).toBe(130);
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'meta.json', 'out.log']);
  });
});
