import * as tf from '@tensorflow/tfjs-core';
import { DefaultCheckpointer } from '@x/checkpoint';
import { BatchCallback, disposeState } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { camelCaseKeys } from '../lib/names.mjs';
import { foldersOf, timeOf } from '../lib/original-checkpoints.mjs';
import { Interruption } from '../lib/recorder.mjs';
import { values } from '../lib/tensors.mjs';
import {
  compareKept,
  compareMetrics,
  flat,
  inFolder,
  keptCheckpoints,
  TOLERANCE,
  trainedRun,
} from '../lib/trained-runs.mjs';

const START = 1_600_000_000;
const SECONDS_PER_STEP = 10;

/** mid_epoch_checkpoint*.json: runs that are saved by the clock and interrupted within an epoch, and their resumes. */
export function cases({ cases: fixtures }) {
  return fixtures.flatMap((fixture) => [
    { name: fixture.name, fixture, run: () => inFolder((folder) => comparePhases(fixture, folder, [0])) },
    ...fixture.phases.slice(1).map((_, i) => ({
      name: `${fixture.name}, phase ${i + 1}`,
      fixture,
      run: () => inFolder((folder) => comparePhases(fixture, folder, [i + 1])),
    })),
  ]);
}

async function comparePhases(fixture, folder, compared) {
  const clock = { seconds: START };
  const stepAt = stepAtIn(fixture);
  for (const [i, phase] of fixture.phases.entries()) {
    const recorder = new Recorder(clock, phase.interrupted_at, folder);
    const checkpointer = checkpointerOf(fixture, folder, clock);
    const options = { checkpointer, batchCallbacks: [recorder], serializationDir: folder, compatibility: 'allennlp-1' };
    const run = trainedRun(fixture, fixture.initial_parameters, options);
    run.build();
    await run.train().catch((error) => {
      if (!(error instanceof Interruption)) throw error;
    });
    if (compared.includes(i)) await comparePhase(phase, run, recorder, folder, { at: `phase ${i}: `, stepAt });
  }
}

async function comparePhase(expected, run, recorder, folder, { at, stepAt }) {
  compare(expected.log, recorder.log, `${at}log`, TOLERANCE);
  const kept = expected.th_files_after_each_training_batch.map((files) => foldersOf(files, stepAt));
  for (const [i, folders] of kept.entries())
    compareKept(folders, recorder.kept[i], `${at}checkpoints after each training batch[${i}]`);
  if (expected.returned_metrics !== undefined) compareMetrics(expected.returned_metrics, run.returned, `${at}metrics`);
  compare(flat(expected.parameters), values(run.trainer.model.namedVariables()), `${at}parameters`, TOLERANCE);
  compareKept(foldersOf(expected.files, stepAt), keptCheckpoints(folder), `${at}checkpoints`);
  compare(foldersOf([expected.latest[0]], stepAt)[0], await newest(run.trainer.checkpointer), `${at}the newest`, 0);
}

function checkpointerOf({ trainer }, folder, clock) {
  return new DefaultCheckpointer(camelCaseKeys(trainer.checkpointer), folder, () => clock.seconds * 1000);
}

/** A step is saved at the time at which those before it have passed. */
function stepAtIn({ phases }) {
  const steps = phases.flatMap(({ log }) => log.filter(([kind]) => kind === 'train'));
  const byTime = new Map(steps.map(([, , number], i) => [timeOf(START + SECONDS_PER_STEP * i), number]));
  return (time) => byTime.get(time);
}

/** Lets the time pass, and writes down every batch and what is kept then. */
class Recorder extends BatchCallback {
  log = [];
  kept = [];

  constructor(clock, interruptAt, folder) {
    super();
    this.clock = clock;
    this.interruptAt = interruptAt;
    this.folder = folder;
  }

  async onBatch(trainer, { epoch, batchNumber, isTraining, batchOutputs }) {
    const loss = batchOutputs[0].loss.dataSync()[0];
    const kind = isTraining ? 'train' : 'validation';
    this.log.push([kind, epoch, batchNumber, isTraining ? trainer.batchNumTotal : null, loss]);
    if (!isTraining) return;
    this.clock.seconds += SECONDS_PER_STEP;
    await trainer.checkpointer.flush();
    this.kept.push(keptCheckpoints(this.folder));
    if (this.interruptAt?.epoch === epoch && this.interruptAt.batch_number === batchNumber)
      throw new Interruption('now');
  }
}

/** The folder of the newest checkpoint, by the progress in it. */
async function newest(checkpointer) {
  const { modelState, trainingState } = await checkpointer.restoreCheckpoint();
  const { epoch, batchesThisEpoch, epochFinished } = trainingState.progress;
  tf.dispose(modelState);
  disposeState(trainingState);
  return `epoch_${epoch}${epochFinished ? '' : `_step_${batchesThisEpoch}`}`;
}
