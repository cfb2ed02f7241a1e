import { svgPlot } from './svg-plot.js';
import type { Point } from './series.js';

const labels = { title: 'a < b & "c"', xLabel: 'step', yLabel: 'lr' };
const two: Point[] = [
  [0, 0],
  [10, 1],
];

/** The tags that are open at the end of an XML text; throws on one that closes another. */
function unclosed(xml: string): string[] {
  const open: string[] = [];
  for (const [, closing, name, selfClosing] of xml.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (closing === '/') expect(open.pop()).toBe(name);
    else if (selfClosing !== '/') open.push(name!);
  }
  return open;
}

/** The corners of a curve. */
function corners(svg: string, curve = 0): number[][] {
  const paths = [...svg.matchAll(/class="curve" [^>]*d="(M[^"h]*)"/g)].map(([, d]) => d!);
  return paths[curve]!.split(/[ML]/).flatMap((point) => (point === '' ? [] : [point.split(' ').map(Number)]));
}

test('every tag is closed, and texts are escaped', () => {
  const svg = svgPlot([{ name: 'x<y', points: two }], labels);
  expect(unclosed(svg)).toEqual([]);
  expect(svg).toContain('a &#60; b &#38; &#34;c&#34;');
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('a curve goes from the lower left to the upper right corner of the axes', () => {
  const svg = svgPlot([{ name: 'up', points: two }], labels);
  const [, left, top, bottom, right] = /d="M(\d+) (\d+)V(\d+)H(\d+)"/.exec(svg)!.map(Number);
  expect(corners(svg)).toEqual([
    [left, bottom],
    [right, top],
  ]);
});

test('decades of a logarithmic axis have the same width', () => {
  const points = [-1, 0.001, 0.01, 0.1, 1].map((x): Point => [x, 2]);
  const places = corners(svgPlot([{ name: 'loss', points }], { ...labels, logX: true })).map(([x]) => x!);
  expect(places).toHaveLength(4);
  expect(places.slice(1).map((x, i) => Math.round(x - places[i]!))).toEqual([216, 216, 216]);
});

test('a long curve keeps its course at the left end of a logarithmic axis', () => {
  const points = Array.from({ length: 10_000 }, (_, i): Point => [10 ** (i / 1000), Math.sin(i / 200)]);
  const places = corners(svgPlot([{ name: 'loss', points }], { ...labels, logX: true })).map(([x]) => x!);
  const left = places.filter((x) => x < 84 + 648 / 10);
  expect(left.length).toBeGreaterThan(60);
  expect(places.length).toBeLessThan(2700);
});

test('several curves have colours and a legend in as many rows as it needs, one has none', () => {
  const names = Array.from({ length: 6 }, (_, i) => `a group with a long name, number ${i}`);
  const svg = svgPlot(
    names.map((name) => ({ name, points: two })),
    labels,
  );
  for (const name of names) expect(svg).toContain(`>${name}</text>`);
  const rows = new Set(names.map((name) => new RegExp(`y="([\\d.]+)">${name}<`).exec(svg)![1]));
  expect(rows.size).toBe(3);
  const colours = new Set([...svg.matchAll(/stroke="(#\w+)"/g)].map(([, colour]) => colour));
  expect(colours.size).toBe(6);
  expect(svgPlot([{ name: 'alone', points: two }], labels)).not.toContain('alone');
});

test('has colours for light and dark', () => {
  expect(svgPlot([{ name: 'up', points: two }], labels)).toContain('@media (prefers-color-scheme: dark)');
});

test('is a valid file also without a point that can be drawn', () => {
  for (const logX of [false, true]) {
    const svg = svgPlot([{ name: 'none', points: [[1, NaN]] }], { ...labels, logX });
    expect(unclosed(svg)).toEqual([]);
    expect(svg).not.toMatch(/NaN|Infinity/);
  }
});
