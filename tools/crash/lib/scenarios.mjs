import { allKept, ModelFileSystem } from '@x/checkpoint/testing';

import { checkpointerOn, endOf, RUN_FOLDER, save, within } from './fake-run.mjs';

/** What is saved before, the save that is disturbed, and the one after it. */
export const scenarios = [
  {
    name: 'the first save',
    before: [],
    save: { position: endOf(0), value: 1, best: true },
    next: { position: endOf(1), value: 2, best: true },
  },
  {
    name: 'the best so far, with one to remove',
    before: [
      { position: endOf(0), value: 1, best: true },
      { position: endOf(1), value: 2, best: true },
    ],
    save: { position: endOf(2), value: 3, best: true },
    next: { position: endOf(3), value: 4 },
  },
  {
    name: 'not the best, in an epoch',
    before: [
      { position: endOf(0), value: 1, best: true },
      { position: endOf(1), value: 2 },
      { position: within(2, 5), value: 3 },
    ],
    save: { position: within(2, 10), value: 4 },
    next: { position: endOf(2), value: 5 },
  },
  {
    name: 'a position that is saved already',
    before: [
      { position: endOf(0), value: 1, best: true },
      { position: endOf(1), value: 2 },
    ],
    save: { position: endOf(1), value: 3, best: true },
    next: { position: endOf(2), value: 4 },
  },
].map((scenario) => ({
  ...scenario,
  old: scenario.before.at(-1)?.value ?? null,
  oldBest: scenario.before.findLast(({ best }) => best)?.value ?? null,
}));

/** A file system that holds, durably, what was saved. */
export async function fileSystemAfter(saves) {
  const files = new ModelFileSystem();
  await files.makeFolder(RUN_FOLDER);
  for (const each of saves) await save(checkpointerOn(files), each);
  return copyOf(files);
}

/** The same files again, all of them durable. */
export const copyOf = (files) => files.crash(files.moments, allKept);

/** The files of a run, without the numbers that tell attempts at one position apart. */
export const tidyPaths = (files) =>
  files
    .paths()
    .map((path) => path.replace(/\.\d+(?=\/|$)/, ''))
    .sort();
