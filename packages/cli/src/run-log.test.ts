import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { RunLog } from './run-log.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'run-log-'));
  writeFileSync(join(folder, 'config.json'), '{}');
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = new Date('2026-01-02T03:04:05.678Z');
const text = (): string => readFileSync(join(folder, 'out.log'), 'utf8');

test('what is said before the folder is there is in it too, with time and level', () => {
  const log = new RunLog(() => at);
  log.write('one\n\n  two\n');
  log.open(folder);
  log.warn('three');
  log.error('four');
  const time = '2026-01-02T03:04:05.678Z';
  expect(text()).toBe(`${time} INFO one\n${time} INFO   two\n${time} WARNING three\n${time} ERROR four\n`);
});

test('a log that cannot be written keeps its lines, and ends no run', () => {
  const log = new RunLog(() => at);
  mkdirSync(join(folder, 'out.log'));
  log.open(folder);
  log.info('one');
  rmSync(join(folder, 'out.log'), { recursive: true });
  log.info('two');
  expect(text()).toMatch(/one\n.*two\n$/);
});

test('a folder that is gone is not made again', () => {
  const log = new RunLog(() => at);
  log.open(join(folder, 'gone'));
  log.info('one');
  expect(() => readFileSync(join(folder, 'gone', 'out.log'))).toThrow('ENOENT');
});

test('a folder that is not yet one of a run stays as it is', () => {
  const log = new RunLog(() => at);
  rmSync(join(folder, 'config.json'));
  log.open(folder);
  log.info('one');
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(join(folder, 'config.json'), '{}');
  log.info('two');
  expect(text()).toMatch(/one\n.*two\n$/);
});
