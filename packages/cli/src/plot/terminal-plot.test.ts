import { terminalPlot } from './terminal-plot.js';
import type { Point } from './series.js';

const labels = { title: 'learning rate', xLabel: 'step', yLabel: 'lr' };
const ramp = Array.from({ length: 1000 }, (_, i): Point => [i + 1, (i + 1) / 1000]);

test('a curve goes from corner to corner between labelled axes', () => {
  const lines = terminalPlot([{ name: 'ramp', points: ramp }], labels).split('\n');
  expect(lines[0]).toBe('learning rate');
  expect(lines.at(-1)!.trim()).toBe('step');
  const top = lines.find((line) => line.trimStart().startsWith('1┤'))!;
  const bottom = lines.find((line) => line.trimStart().startsWith('0┤'))!;
  expect(top).toMatch(/┤ {60,}\S*[┏━┃]/);
  expect(bottom).toMatch(/┤[━┛]/);
  expect(lines.at(-2)).toMatch(/200 +400 +600 +800 +1000/);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(90);
});

test('several curves have marks of their own, which the legend names', () => {
  const flat = ramp.map(([x]): Point => [x, 0.5]);
  const text = terminalPlot(
    [
      { name: 'ramp', points: ramp },
      { name: 'flat', points: flat },
    ],
    labels,
  );
  expect(text).toMatch(/ {2}● ramp\n {2}○ flat$/);
  const middle = text.split('\n').find((line) => line.includes('○○○○'))!;
  expect(middle.match(/○/g)!.length).toBeGreaterThan(60);
  expect(text.match(/●/g)!.length).toBeGreaterThan(60);
});

test('a logarithmic axis spaces decades evenly', () => {
  const points = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2].map((x): Point => [x, 1]);
  const axis = terminalPlot([{ name: 'loss', points }], { ...labels, logX: true })
    .split('\n')
    .at(-2)!;
  const at = ['1e-6', '1e-5', '0.0001', '0.001', '0.01'].map((label) => axis.indexOf(label) + label.length / 2);
  const gaps = at.slice(1).map((place, i) => place - at[i]!);
  for (const gap of gaps) expect(Math.abs(gap - gaps[0]!)).toBeLessThanOrEqual(2);
});

test('points that cannot be drawn are left out, and nothing at all is said in words', () => {
  expect(terminalPlot([{ name: 'a', points: [[1, NaN]] }], labels)).toBe('learning rate: there is nothing to plot');
  const constant: Point[] = [
    [1, 0.3],
    [2, NaN],
    [3, 0.3],
  ];
  expect(terminalPlot([{ name: 'a', points: constant }], labels)).toContain('0.3┤━━━');
});
