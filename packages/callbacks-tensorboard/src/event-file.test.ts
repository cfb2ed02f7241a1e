import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

import { EventFile, eventFilesIn, readEvents } from './event-file.js';
import type { Histogram } from './messages.js';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'event-file-'))));
afterEach(() => rm(folder, { recursive: true }));

const histogram: Histogram = {
  min: -1,
  max: 2,
  num: 3,
  sum: 1.5,
  sumSquares: 5.25,
  bucketLimit: [-0.5, 0.75, 3],
  bucket: [1, 1, 1],
};

test('events come back in order, after the version of the format', async () => {
  let time = 1_600_000_000_500;
  const file = new EventFile(folder, () => time);
  time += 1000;
  file.write([{ tag: 'loss', simpleValue: 0.5 }], 1);
  file.write(
    [
      { tag: 'weights', histogram },
      { tag: 'é', simpleValue: -Infinity },
    ],
    2 ** 40,
  );
  file.close();
  expect(await readEvents(file.path)).toEqual([
    { wallTime: 1_600_000_000.5, step: 0, fileVersion: 'brain.Event:2', values: [] },
    { wallTime: 1_600_000_001.5, step: 1, values: [{ tag: 'loss', simpleValue: 0.5 }] },
    {
      wallTime: 1_600_000_001.5,
      step: 2 ** 40,
      values: [
        { tag: 'weights', histogram },
        { tag: 'é', simpleValue: -Infinity },
      ],
    },
  ]);
});

test('curves are float32, as TensorBoard has them', async () => {
  const file = new EventFile(folder);
  file.write([{ tag: 'x', simpleValue: 0.1 }], 1);
  const [, event] = await readEvents(file.path);
  expect(event!.values).toEqual([{ tag: 'x', simpleValue: Math.fround(0.1) }]);
  file.close();
});

test('a file that tensorboard wrote is read, and kinds that we do not draw are left out', async () => {
  const path = join(folder, 'events');
  // by RecordWriter of tensorboard 2.21.0: the version, a summary of a scalar, an image and a histogram, and a graph
  const written =
    'GAAAAAAAAACjf0siCQAAEACE19dBGg1icmFpbi5FdmVudDoy2trSMn8AAAAAAAAAUDkaywkAAEAAhNfXQRAFKnIKCwoEbG9zcxUAAEA/ChQKB3Bp' +
    'Y3R1cmUiCQgBEAEYASIBeApNCgF3KkgJAAAAAAAA8L8RAAAAAAAA8D8ZAAAAAAAAAEApAAAAAAAAAEAyEAAAAAAAAAAAAAAAAAAAAEA6EAAAAAAA' +
    'APA/AAAAAAAA8D/hkXV2EAAAAAAAAACV+/4YCQAAgACE19dBEAYiA2FiY6Immeo=';
  await writeFile(path, Buffer.from(written, 'base64'));
  const w = { min: -1, max: 1, num: 2, sum: 0, sumSquares: 2, bucketLimit: [0, 2], bucket: [1, 1] };
  expect(await readEvents(path)).toEqual([
    { wallTime: 1_600_000_000.25, step: 0, fileVersion: 'brain.Event:2', values: [] },
    {
      wallTime: 1_600_000_001,
      step: 5,
      values: [
        { tag: 'loss', simpleValue: 0.75 },
        { tag: 'w', histogram: w },
      ],
    },
    { wallTime: 1_600_000_002, step: 6, values: [] },
  ]);
});

test('every event is in the file as soon as it is written, so a killed process loses none, and one that is cut off is left out', async () => {
  const file = new EventFile(folder);
  file.write([{ tag: 'x', simpleValue: 1 }], 1);
  expect(await readEvents(file.path)).toHaveLength(2);
  const whole = await readFile(file.path);
  await writeFile(file.path, whole.subarray(0, -1));
  expect(await readEvents(file.path)).toHaveLength(1);
  file.close();
});

test('damage is an error that names the file', async () => {
  const file = new EventFile(folder);
  file.close();
  const bytes = await readFile(file.path);
  bytes[20]! ^= 1;
  await writeFile(file.path, bytes);
  await expect(readEvents(file.path)).rejects.toMatchObject({
    code: 'X_DATA_INVALID',
    message: expect.stringContaining(file.path),
  });
});

test.each([
  ['a file that is not there', 'missing', 'ENOENT'],
  ['a folder', '', 'EISDIR'],
])('%s is an error that names it', async (_, name, reason) => {
  const path = join(folder, name);
  await expect(readEvents(path)).rejects.toMatchObject({
    name: 'DataError',
    code: 'X_DATA_INVALID',
    message: expect.stringContaining(`the event file ${path} cannot be read (${reason})`),
  });
});

test('a closed file goes on where it was', async () => {
  const file = new EventFile(folder);
  file.close();
  file.write([{ tag: 'late', simpleValue: 1 }], 9);
  file.close();
  file.close();
  expect((await readEvents(file.path)).map(({ step }) => step)).toEqual([0, 9]);
});

test('an event without values is not written', async () => {
  const file = new EventFile(folder);
  file.write([], 3);
  file.close();
  expect(await readEvents(file.path)).toHaveLength(1);
});

test('files are named as TensorBoard expects, never twice the same, and listed oldest first', async () => {
  const made = [9, 10, 11, 11].map((second) => new EventFile(folder, () => second * 1000));
  for (const file of made) file.close();
  await writeFile(join(folder, 'notes.txt'), '');
  expect(await eventFilesIn(folder)).toEqual(made.map(({ path }) => path));
  expect(await readdir(folder)).toHaveLength(5);
  expect(made[0]!.path).toContain(`events.out.tfevents.0000000009.${hostname()}.${process.pid}.`);
  expect(await eventFilesIn(join(folder, 'missing'))).toEqual([]);
});

test('a folder that cannot be made is an error that says what to do', async () => {
  const taken = join(folder, 'taken');
  await appendFile(taken, '');
  expect(() => new EventFile(join(taken, 'log'))).toThrow(
    expect.objectContaining({
      code: 'X_DIR_NOT_WRITABLE',
      message: expect.stringContaining('or set tensorboardWriter to null'),
    }),
  );
});
