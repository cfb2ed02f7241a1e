import fs from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import * as tf from '@tensorflow/tfjs';
import { DefaultCheckpointer } from '@x/checkpoint';
import { CheckpointState, disposeState } from '@x/trainer-core';

import { collectGarbage, MemoryPeak } from './memory.mjs';
import { median, printMachine, printTable, sideBySide } from './lib.mjs';

/** Sizes of states, of which a third are weights and the rest the optimizer's, in MB, and how often each is measured. */
const SIZES = [
  { megabytes: 1, rounds: 20 },
  { megabytes: 100, rounds: 7 },
  { megabytes: 400, rounds: 5 },
];

/** What the ratios shall be. */
const TARGETS = [
  'targets: stall at most 1.5 copies; writing at least 0.8 of fs.writeFile and fsync; loading at least 0.6 of fs.readFile with',
  'checksums and 0.8 with sizes; peak extra memory 1 copy (from some 10 MB on, below which the heap itself moves more)',
];

/**
 * What a save costs the training loop, against one copy of the state in memory; how fast it is written and read, against
 * Node's own calls for the same files; and how much memory it takes.
 */
export async function bench(args) {
  const { values } = parseArgs({ args, options: { folder: { type: 'string', default: '.' } } });
  await tf.setBackend('cpu');
  printMachine();
  const rows = [];
  const folder = fs.mkdtempSync(path.join(path.resolve(values.folder), '.bench-checkpoint-'));
  try {
    for (const size of SIZES) rows.push(await measure(size, folder));
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  console.log(`\nmedians of ${SIZES.map(({ rounds }) => rounds).join(', ')} rounds in turn; ms, and ratios\n`);
  printTable(
    [
      ...['MB', 'copy', 'stall', 'ratio', 'writeFile', 'write', 'ratio'],
      ...['readFile', 'checksums', 'ratio', 'sizes', 'ratio', 'peak'],
    ],
    rows,
  );
  console.log(`\n${TARGETS.join('\n')}`);
}

async function measure({ megabytes, rounds }, folder) {
  const run = runOf(megabytes * 1e6);
  const checkpointer = new DefaultCheckpointer({ numSerializedModelsToKeep: null }, folder);
  let epoch = 0;
  const save = () => checkpointer.saveCheckpoint(run, { epoch: epoch++, batchesThisEpoch: 0, batchNumTotal: epoch });
  const onDisk = async () => {
    while (checkpointer.takeAcknowledged().length === 0) await setTimeout(1);
  };
  const clear = () => {
    fs.rmSync(path.join(folder, 'checkpoints'), { recursive: true, force: true });
    collectGarbage();
  };
  await save();
  await onDisk();
  const files = filesIn(folder).map((file) => fs.readFileSync(file));
  clear();

  await save();
  await onDisk();
  const loads = await sideBySide(
    { readFile: { run: () => readAll(folder) }, checksums: load(folder, 'checksums'), sizes: load(folder, 'sizes') },
    { rounds, warmup: 1 },
  );
  const saves = await sideBySide(
    {
      copy: { before: clear, run: () => run.copy() },
      stall: { before: clear, run: save, after: onDisk },
    },
    { rounds, warmup: 1 },
  );
  const writes = await sideBySide(
    {
      writeFile: {
        before: () => (clear(), fs.mkdirSync(path.join(folder, 'checkpoints'))),
        run: () => writeAll(files, folder),
      },
      write: { before: async () => (clear(), save()), run: onDisk },
    },
    { rounds, warmup: 1 },
  );
  clear();
  const peak = await MemoryPeak.during(async () => {
    await save();
    await onDisk();
  });
  await checkpointer.flush();
  run.dispose();
  const bytes = files.reduce((sum, { length }) => sum + length, 0);
  const ms = (times) => median(times).toFixed(1);
  const ratio = (one, other) => (median(one) / median(other)).toFixed(2);
  return [
    megabytes,
    ms(saves.copy),
    ms(saves.stall),
    ratio(saves.stall, saves.copy),
    ms(writes.writeFile),
    ms(writes.write),
    ratio(writes.writeFile, writes.write),
    ms(loads.readFile),
    ms(loads.checksums),
    ratio(loads.readFile, loads.checksums),
    ms(loads.sizes),
    ratio(loads.readFile, loads.sizes),
    (peak / bytes).toFixed(2),
  ];
}

/** A run whose state has that many bytes, in tensors of up to 4 MB. */
function runOf(bytes) {
  const tensors = [];
  for (let left = bytes / 12; left > 0; left -= 2 ** 20) tensors.push(...[0, 1, 2].map(() => randomOf(left)));
  const named = (start) =>
    Object.fromEntries(tensors.flatMap((tensor, i) => (i % 3 === start ? [[`w${i}`, tf.clone(tensor)]] : [])));
  return {
    getCheckpointState: () => new CheckpointState(named(0), { optimizer: { expAvg: named(1), expAvgSq: named(2) } }),
    copy: () => tensors.map((tensor) => tensor.dataSync().slice()),
    dispose: () => tf.dispose(tensors),
  };
}

const randomOf = (left) => tf.randomUniform([Math.ceil(Math.min(left, 2 ** 20))]);

function filesIn(folder) {
  const [saved] = fs.readdirSync(path.join(folder, 'checkpoints'));
  const names = ['training_state.json', 'training_state.safetensors', 'model_state.safetensors'];
  return names.map((name) => path.join(folder, 'checkpoints', saved, name));
}

async function readAll(folder) {
  for (const file of filesIn(folder)) await fs.promises.readFile(file);
}

async function writeAll(files, folder) {
  for (const [i, content] of files.entries()) {
    const handle = await fs.promises.open(path.join(folder, 'checkpoints', `plain-${i}`), 'w');
    await handle.writeFile(content);
    await handle.sync();
    await handle.close();
  }
}

function load(folder, verify) {
  const checkpointer = new DefaultCheckpointer({ verify }, folder);
  return {
    run: async () => {
      const { modelState, trainingState } = await checkpointer.restoreCheckpoint();
      disposeState(modelState);
      disposeState(trainingState);
    },
  };
}
