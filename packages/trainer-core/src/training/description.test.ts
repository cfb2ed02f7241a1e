import { withLog } from '../log.js';
import { descriptionFromMetrics } from './description.js';

// Recorded from AllenNLP 1.0.
it.each([
  [{ accuracy: 0.51234567, loss: 1.23456 }, 'accuracy: 0.5123, loss: 1.2346 ||'],
  [{}, ' ||'],
  [
    { loss: Number.NaN, big: 1e10, tiny: 1e-9, int: 3, inf: Infinity },
    'loss: nan, big: 10000000000.0000, tiny: 0.0000, int: 3.0000, inf: inf ||',
  ],
  [{ huge: 1e22, zero: -0 }, 'huge: 10000000000000000000000.0000, zero: -0.0000 ||'],
  [{ neg: -4e-5, half: 5e-5 }, 'neg: -0.0000, half: 0.0001 ||'],
])('describes %j', (metrics, line) => {
  expect(descriptionFromMetrics(metrics)).toBe(line);
});

it('leaves hidden metrics out, and says so once', () => {
  const warnings: string[] = [];
  const describe = (): string =>
    withLog({ info: () => undefined, warn: (line) => void warnings.push(line) }, () =>
      descriptionFromMetrics({ loss: 0, _hidden: 3, f1: 1 }),
    );

  expect([describe(), describe()]).toEqual(Array(2).fill('loss: 0.0000, f1: 1.0000 ||'));
  expect(warnings).toEqual([expect.stringContaining('"_"')]);
});
