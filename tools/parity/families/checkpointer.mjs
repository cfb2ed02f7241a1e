import fs from 'node:fs';
import path from 'node:path';

import * as tf from '@tensorflow/tfjs-core';
import { DefaultCheckpointer } from '@x/checkpoint';
import { CheckpointState, disposeState } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { camelCaseKeys } from '../lib/names.mjs';
import { foldersOf, parseName, timeOf } from '../lib/original-checkpoints.mjs';
import { compareKept, inFolder, keptCheckpoints } from '../lib/trained-runs.mjs';

/** checkpointer*.json: what is kept after every operation, and which checkpoint is the newest. */
export function cases({ cases: operated, find_latest_checkpoint: listed }) {
  return [
    ...operated.flatMap((fixture) => [
      { name: fixture.name, fixture, run: () => inFolder((folder) => operatedCase(fixture, folder)) },
      {
        name: `${fixture.name}, newest`,
        fixture: { ...fixture, looksFor: 'newest' },
        run: () => inFolder((folder) => newestCase(fixture, folder)),
      },
    ]),
    ...listed.map((fixture) => ({
      name: `find_latest_checkpoint ${fixture.name}`,
      fixture: { ...fixture, looksFor: 'newest' },
      run: () => inFolder((folder) => listedCase(fixture, folder)),
    })),
  ];
}

async function operatedCase(fixture, folder) {
  const { stepAt } = await operate(fixture, folder, async (i) => {
    const expected = fixture.files_after_each_op[i];
    const at = `after operation ${i}`;
    compareKept(foldersOf(expected, stepAtIn(fixture)), keptCheckpoints(folder), `${at}: the checkpoints`);
    compare(expected.includes('best.th'), fs.existsSync(path.join(folder, 'best.json')), `${at}: best`, 0);
  });
  for (const [seconds, file] of fixture.serialized_paths) {
    const [kept] = foldersOf([file], stepAt);
    const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'checkpoints', kept, 'manifest.json'), 'utf8'));
    compare(fixture.start_time + seconds, manifest.savedAt / 1000, `the time of ${kept}`, 0);
  }
}

async function newestCase(fixture, folder) {
  const { checkpointer, stepAt } = await operate(fixture, folder, async () => undefined);
  const latest = fixture.find_latest_checkpoint;
  compare(latest === null ? null : foldersOf([latest[0]], stepAt)[0], await newest(checkpointer), 'the newest', 0);
}

/** Makes a checkpointer do what the fixture says, by its clock. */
async function operate(fixture, folder, afterEach) {
  let seconds = fixture.start_time;
  const checkpointer = new DefaultCheckpointer(camelCaseKeys(fixture.constructor), folder, () => seconds * 1000);
  for (const [i, { op, epoch, batch = 0, advance, best = false }] of fixture.ops.entries()) {
    seconds += advance;
    const position = { epoch, batchesThisEpoch: batch, batchNumTotal: i };
    const name = `epoch_${epoch}${batch === 0 ? '' : `_step_${batch}`}`;
    if (op === 'save') await checkpointer.saveCheckpoint(stateNamed(name), position, best);
    else await checkpointer.maybeSaveCheckpoint(stateNamed(name), position);
    await checkpointer.flush();
    await afterEach(i);
  }
  return { checkpointer, stepAt: stepAtIn(fixture) };
}

/** The number of the step that was saved at a time of the fixture's clock. */
function stepAtIn({ ops, start_time: start }) {
  const steps = new Map();
  let seconds = start;
  for (const { batch, advance } of ops) {
    seconds += advance;
    if (batch !== undefined) steps.set(timeOf(seconds), batch);
  }
  return (time) => steps.get(time);
}

async function listedCase(fixture, folder) {
  const { files, ok, error } = fixture;
  const place = files === 'MISSING' ? path.join(folder, 'missing') : files === null ? null : folder;
  if (Array.isArray(files)) {
    await store(files, folder);
    // the files stand alone there: nothing says that there was more
    fs.rmSync(path.join(folder, 'latest.json'), { force: true });
  }
  const find = () => newest(new DefaultCheckpointer({}, place));
  if (error !== undefined) return expectError(error, find);
  compare(ok === null ? null : parseName(ok[0]).id, await find(), 'the newest', 0);
}

/** Stores a checkpoint for each one that the files are of: under its name here, as whole as it is there. */
async function store(files, folder) {
  const checkpointer = new DefaultCheckpointer({ numSerializedModelsToKeep: null }, folder);
  const names = files.map(parseName).filter((name) => name !== undefined);
  for (const { id, prefix, epoch, time } of new Map(names.map((name) => [name.id, name])).values()) {
    const times = names.filter((name) => name.epoch === epoch && name.time !== undefined).map((name) => name.time);
    const step = time === undefined ? 0 : [...new Set(times)].sort().indexOf(time) + 1;
    const number = Number(epoch);
    const position = { epoch: Number.isNaN(number) ? 0 : number, batchesThisEpoch: step, batchNumTotal: 0 };
    await checkpointer.saveCheckpoint(stateNamed(id), position);
    await checkpointer.flush();
    const saved = path.join(folder, 'checkpoints', `epoch_${position.epoch}${step === 0 ? '' : `_step_${step}`}`);
    const parts = names.filter((name) => name.id === id).map(({ part }) => part);
    if (!parts.includes('training'))
      remove(saved, ['manifest.json', 'training_state.json', 'training_state.safetensors']);
    if (!parts.includes('model')) remove(saved, ['manifest.json', 'model_state.safetensors']);
    const name = `${prefix}epoch_${epoch}${step === 0 ? '' : `_step_${step}`}`;
    fs.renameSync(saved, path.join(folder, 'checkpoints', name));
  }
}

function remove(folder, files) {
  for (const file of files) fs.rmSync(path.join(folder, file));
}

const stateNamed = (name) => ({ getCheckpointState: () => new CheckpointState({ w: tf.scalar(0) }, { name }) });

/** The name in the newest checkpoint, or null. */
async function newest(checkpointer) {
  const restored = await checkpointer.restoreCheckpoint();
  if (restored === null) return null;
  const { name } = restored.trainingState;
  tf.dispose(restored.modelState);
  disposeState(restored.trainingState);
  return name;
}
