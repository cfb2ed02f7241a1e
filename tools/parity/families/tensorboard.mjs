import fs from 'node:fs';
import path from 'node:path';

import { eventFilesIn, readEvents } from '@x/callbacks-tensorboard';
import { GradientDescentTrainer, ParameterSet, withLog } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { engineOptions } from '../lib/engine.mjs';
import { expectError } from '../lib/errors.mjs';
import { inFolder } from '../lib/trained-runs.mjs';
import { model } from '../lib/models.mjs';
import { ParityRun, plugins } from '../lib/run.mjs';
import { batch } from '../lib/tensors.mjs';

const TOLERANCE = 1e-4;

/** tensorboard.json: what a run writes into its event files, and the tables it logs. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({
    name: fixture.name,
    fixture,
    run: () => inFolder((folder) => loggedCase(fixture, folder)),
  }));
}

async function loggedCase({ error, events, console_lines: lines, log_dirs: folders, ...fixture }, folder) {
  const logged = [];
  const run = () => withLog({ info: (line) => logged.push(line), warn: () => undefined }, () => train(fixture, folder));
  if (error !== undefined) return expectError(error, run);
  await run();
  const received = fs.readdirSync(path.join(folder, 'log')).map((name) => `log/${name}`);
  compare(folders, received.sort(), 'log_dirs', 0);
  for (const log of folders.map((name) => path.basename(name))) {
    // That files were closed is seen by reading them; the order between two files is not seen at all.
    const expected = events.filter((event) => event.log === log && event.kind !== 'close');
    compareEvents(expected, await eventsOf(path.join(folder, 'log', log)), `events of ${log}`);
  }
  compareLines(lines, logged.filter(isFromWriter));
}

function train(fixture, folder) {
  const regularizers = new ParityRun({ parameters: ParameterSet.of({}) });
  const trainer = GradientDescentTrainer.fromPartialObjects({
    ...engineOptions,
    ...fixture.trainer,
    model: model(fixture.model, fixture.initial_parameters, regularizers),
    dataLoader: fixture.train_batches.map(batch),
    validationDataLoader: fixture.validation_batches?.map(batch) ?? null,
    serializationDir: folder,
    plugins,
  });
  return trainer.train();
}

/** As fixtures have them: without the memory in use, histograms as count and sum. */
async function eventsOf(folder) {
  const events = (await Promise.all((await eventFilesIn(folder)).map(readEvents))).flat();
  return events
    .flatMap(({ step, values }) =>
      values.map(({ tag: name, simpleValue, histogram }) =>
        histogram === undefined
          ? { kind: 'scalar', name, step, value: simpleValue }
          : { kind: 'histogram', name, step, value: { count: histogram.num, sum: histogram.sum } },
      ),
    )
    .filter(({ name }) => !/memory/.test(name));
}

function compareEvents(expected, received, at) {
  const titles = (events) => events.map(({ kind, name, step }) => `${kind} ${name} at ${step}`);
  compare(titles(expected), titles(received), at, 0);
  expected.forEach((event, i) =>
    compare(event.value, received[i].value, `${at}: ${event.name} at ${event.step}`, TOLERANCE),
  );
}

const isFromWriter = (line) => /^current batch size|\| {2}/.test(line) && !/_memory_MB/.test(line);

/** The same text, where numbers may differ in the last of three decimals; Python writes a whole mean as `6.0`. */
function compareLines(expected, received) {
  const layout = (line) => (line.includes(' |  ') ? line.replace(/\d/g, '0') : line.replace(NUMBER, '#'));
  compare(expected.map(layout), received.map(layout), 'the layout of console_lines', 0);
  const numbers = (line) => [...line.matchAll(NUMBER)].map(([text]) => Number(text));
  compare(expected.map(numbers), received.map(numbers), 'the numbers of console_lines', 1.1e-3);
}

const NUMBER = /-?\d+(\.\d+)?/g;
