import fs from 'node:fs';
import path from 'node:path';

import { readWeights } from '@x/checkpoint';
import { bestWeightsIn } from '@x/trainer-core';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { camelCase } from '../lib/names.mjs';
import { Interruption, recorder } from '../lib/recorder.mjs';
import { values } from '../lib/tensors.mjs';
import {
  compareMetrics,
  flat,
  inFolder,
  compareKept,
  keptCheckpoints,
  metricsFiles,
  TOLERANCE,
  trainedRun,
} from '../lib/trained-runs.mjs';
import { compareState } from './optimizers.mjs';

/** trainer/*.json: whole runs; those with `resume` also interrupted and resumed by a new trainer on the same folder. */
export function cases(fixture) {
  const uninterrupted = { name: fixture.name, fixture, run: () => inFolder((folder) => trainedCase(fixture, folder)) };
  if (fixture.resume === undefined) return [uninterrupted];
  return [
    uninterrupted,
    {
      name: `${fixture.name}, resumed`,
      fixture: { ...fixture, resumed: 'as recorded' },
      run: () => inFolder((folder) => resumedCase(fixture, folder)),
    },
    {
      name: `${fixture.name}, resumed as if never interrupted`,
      fixture: { ...fixture, resumed: 'exactly' },
      run: () => inFolder((folder) => exactCase(fixture, folder)),
    },
    {
      name: `${fixture.name}, checkpoints kept after a resume`,
      fixture: { ...fixture, resumed: 'checkpoints' },
      run: () => inFolder((folder) => keptCase(fixture, folder)),
    },
  ];
}

async function trainedCase(fixture, folder) {
  const session = start(fixture, fixture.initial_parameters, folder);
  const { error, error_at: errorAt } = fixture.result;
  if (errorAt === 'construct') return expectError(error, session.build);
  session.build();
  if (error === undefined) await session.train();
  else await expectError(error, session.train);
  await compareRun(fixture.result, session, folder);
  compareKeptFiles(fixture.result, folder);
  comparePositions(fixture.result, folder);
}

async function resumedCase(fixture, folder) {
  for await (const [i, session] of phases(fixture, folder)) {
    await compareRun(fixture.resume.results[i], session, folder, `phase ${i}: `);
  }
}

/** The resumed run must end where the uninterrupted one of the fixture ends. */
async function exactCase(fixture, folder) {
  let last;
  for await (const [, session] of phases(fixture, folder)) last = session;
  const final = last.trainer.model.namedVariables();
  compare(flat(fixture.result.final_parameters), values(final), 'final_parameters', TOLERANCE);
  compareOptimizer(fixture.result, last.trainer, '');
}

async function keptCase(fixture, folder) {
  for await (const [i] of phases(fixture, folder)) compareKeptFiles(fixture.resume.results[i], folder, `phase ${i}: `);
}

async function* phases({ resume, ...fixture }, folder) {
  for (const [i, { interrupt_after_epoch: interruptAfterEpoch }] of resume.phases.entries()) {
    const parameters =
      i === 0 ? fixture.initial_parameters : (resume.second_phase_initial_parameters ?? fixture.initial_parameters);
    const session = start(fixture, parameters, folder, interruptAfterEpoch);
    session.build();
    await session.train().catch((error) => {
      if (!(error instanceof Interruption)) throw error;
    });
    yield [i, session];
  }
}

/** A run of a fixture from given parameters, with what was `recorded` of it. */
function start(fixture, parameters, folder, interruptAfterEpoch) {
  const { callbacks, recorded } = recorder(interruptAfterEpoch);
  const serializationDir = fixture.has_serialization_dir ? folder : null;
  const run = trainedRun(fixture, parameters, { ...callbacks, serializationDir, compatibility: 'allennlp-1' });
  return Object.assign(run, { recorded });
}

async function compareRun(expected, { trainer, recorded, returned }, folder, at = '') {
  compare(expected.callback_log, recorded.callback_log, `${at}callback_log`, 0);
  compare(expected.batches, recorded.batches, `${at}batches`, TOLERANCE);
  compare(expected.epochs.map(epochInCamelCase), recorded.epochs, `${at}epochs`, TOLERANCE);
  if (expected.returned_metrics !== undefined) {
    compareMetrics(expected.returned_metrics, returned, `${at}returned_metrics`);
  }
  compare(flat(expected.final_parameters), values(trainer.model.namedVariables()), `${at}final_parameters`, TOLERANCE);
  const trainable = Object.fromEntries(
    [...trainer.parameters].map((parameter) => [parameter.name, parameter.trainable]),
  );
  compare(expected.requires_grad, trainable, `${at}requires_grad`, 0);
  compareOptimizer(expected, trainer, at);
  compare(
    trackerInCamelCase(expected.metric_tracker),
    trainer.metricTracker.stateDict(),
    `${at}metric_tracker`,
    TOLERANCE,
  );
  // The original counts a step when it begins, so that one which fails is counted too.
  if (expected.error === undefined) compare(expected.batch_num_total, trainer.batchNumTotal, `${at}batch_num_total`, 0);
  if (expected.moving_average_shadow !== undefined) {
    const shadows = values(Object.fromEntries(trainer.movingAverage.shadows));
    compare(flat(expected.moving_average_shadow), shadows, `${at}moving_average_shadow`, TOLERANCE);
  }
  await compareFiles(expected, folder, at);
}

function compareOptimizer({ optimizer }, trainer, at) {
  compareState(optimizer, trainer.optimizer, `${at}optimizer`, TOLERANCE);
}

async function compareFiles({ metrics_files: metricsOf = {}, best_th: best }, folder, at) {
  compare(Object.keys(metricsOf).sort(), metricsFiles(folder).sort(), `${at}metrics_files`, 0);
  for (const [file, metrics] of Object.entries(metricsOf)) {
    compareMetrics(metrics, JSON.parse(fs.readFileSync(path.join(folder, file), 'utf8')), `${at}metrics_files.${file}`);
  }
  if (best === undefined) return;
  compare(best, values(await readWeights(path.join(folder, bestWeightsIn(folder)))), `${at}best_th`, TOLERANCE);
}

function compareKeptFiles({ files = [] }, folder, at = '') {
  const epochs = files.flatMap((file) => /^model_state_epoch_(\d+)\.th$/.exec(file)?.[1] ?? []);
  const expected = epochs.map((epoch) => `epoch_${epoch}`).sort();
  compareKept(expected, keptCheckpoints(folder), `${at}the checkpoints that are kept`);
}

/** Where the kept checkpoints say that they were made. */
function comparePositions({ checkpoint_summaries: summaries = {} }, folder) {
  for (const { epoch, batch_num_total: batchNumTotal } of Object.values(summaries)) {
    const manifest = path.join(folder, 'checkpoints', `epoch_${epoch}`, 'manifest.json');
    const { position } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
    compare({ epoch, batchNumTotal }, position, `the position of checkpoint ${epoch}`, 0);
  }
}

const epochInCamelCase = (epoch) => ({ ...epoch, metric_tracker: trackerInCamelCase(epoch.metric_tracker) });

/** Only the tracker's own keys: those of metrics are names. */
const trackerInCamelCase = (state) =>
  Object.fromEntries(Object.entries(state).map(([key, value]) => [camelCase(key), value]));
