import { Workplace } from '../__fixtures__/in-process.js';

let at: Workplace;
beforeAll(async () => {
  at = await Workplace.make();
  await at.write('runs/b/metrics.json', {
    best_epoch: 3,
    best_validation_loss: 0.25,
    training_loss: 1,
    test_loss: 'NaN',
  });
  await at.write('runs/a/deep/metrics.json', {
    best_epoch: 1,
    best_validation_loss: 0.125,
    best_validation_accuracy: 1,
  });
  await at.write('runs/a/evaluation.json', { loss: 7 });
  await at.write('broken/metrics.json', '{');
});
afterAll(() => at.remove());

const print = (...args: string[]): Promise<{ status: number; out: string; err: string }> =>
  at.xTrain(['print-results', ...args]);

it('prints the best metrics and those of the test, a row a run', async () => {
  const { status, out } = await print(at.path('runs'));
  expect(status).toBe(0);
  expect(out.split('\n')).toEqual([
    'run      best_validation_loss   best_validation_accuracy   test_loss',
    'a/deep                 0.1250                          1         N/A',
    'b                      0.2500                        N/A         NaN',
    '',
  ]);
});

it('prints the metrics that are asked for', async () => {
  const { out } = await print(at.path('runs'), '--keys', 'best_epoch', 'training_loss');
  expect(out.split('\n')).toEqual([
    'run      best_epoch   training_loss',
    'a/deep            1             N/A',
    'b                 3               1',
    '',
  ]);
});

it('reads files of another name', async () => {
  const { out } = await print(at.path('runs'), '-k', 'loss', '--metrics-filename', 'evaluation.json');
  expect(out).toBe('run   loss\na        7\n');
});

it('refuses a folder without metrics', async () => {
  const { status, err } = await print(at.path('runs'), '-m', 'other.json');
  expect({ status, err }).toEqual({ status: 1, err: expect.stringContaining('there is no other.json') as string });
});

it.each([
  ['a folder that is not there', 'broken/nothing', 'cannot be read'],
  ['metrics that are no JSON', 'broken', 'is no JSON object of metrics'],
])('refuses %s', async (_, folder, message) => {
  expect(await print(at.path(folder))).toMatchObject({ status: 1, err: expect.stringContaining(message) as string });
});
