import fs from 'node:fs';
import path from 'node:path';

import { compare } from '../lib/compare.mjs';
import { expectError } from '../lib/errors.mjs';
import { RecorderV2 } from '../lib/recorder-v2.mjs';
import { Interruption } from '../lib/recorder.mjs';
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

/**
 * trainer_v2/*.json: whole runs of 2.10; those with `resume` also interrupted within an epoch and resumed. What is known to
 * differ in a part of a run is a case of its own, so that the rest is compared.
 */
export function cases(fixture) {
  const all = [caseOf(fixture, {}, trainedCase)];
  if (fixture.result.error === undefined && hasPenaltyOfSeveral(fixture))
    all.push(caseOf(fixture, { only: 'batch_reg_loss' }, batchPenaltyCase));
  if (fixture.resume === undefined) return all;
  return [
    ...all,
    caseOf(fixture, { resumed: 'as recorded' }, resumedCase),
    caseOf(fixture, { resumed: 'exactly' }, exactCase),
    caseOf(fixture, { resumed: 'epoch metrics' }, epochMetricsCase),
    caseOf(fixture, { resumed: 'checkpoints' }, keptCase),
  ];
}

/** @param variant what sets the case apart, in its name and for known differences. */
function caseOf(fixture, variant, compareIn) {
  const name = [fixture.name, ...Object.entries(variant).map(([key, value]) => `${key} ${value}`)].join(', ');
  return { name, fixture: { ...fixture, ...variant }, run: () => inFolder((folder) => compareIn(fixture, folder)) };
}

async function trainedCase(fixture, folder) {
  const session = start(fixture, folder);
  const { error } = fixture.result;
  if (error === undefined) {
    session.build();
    await session.train();
  } else {
    await expectError(error, async () => {
      session.build();
      await session.train();
    });
  }
  if (session.trainer === undefined) return;
  compareRun(fixture, fixture.result, session, folder);
  compareKeptFiles(fixture.result, folder);
}

async function batchPenaltyCase(fixture, folder) {
  const session = start(fixture, folder);
  session.build();
  await session.train();
  const penalties = ({ batches }) => batches.map(({ batch_metrics: metrics }) => metrics.batch_reg_loss);
  compare(penalties(fixture.result), penalties(session.recorder), 'batch_reg_loss', TOLERANCE);
}

async function resumedCase(fixture, folder) {
  for await (const [i, session] of phases(fixture, folder)) {
    const epoch = i === 0 ? undefined : firstEpoch(fixture, i);
    compareRun(fixture, fixture.resume.results[i], session, folder, `phase ${i}: `, epoch);
  }
}

/** The resumed run must end where the uninterrupted one of the fixture ends. */
async function exactCase(fixture, folder) {
  let last;
  for await (const [, session] of phases(fixture, folder)) last = session;
  compare(
    flat(fixture.result.final_parameters),
    values(last.trainer.model.namedVariables()),
    'final_parameters',
    TOLERANCE,
  );
  compareMetrics(fixture.result.returned_metrics, last.returned, 'returned_metrics');
}

/** The metrics of the epoch that was interrupted and gone on with. */
async function epochMetricsCase(fixture, folder) {
  for await (const [i, session] of phases(fixture, folder)) {
    if (i === 0) continue;
    const epoch = firstEpoch(fixture, i);
    const ofEpoch = ({ batches }) =>
      batches.filter((batch) => batch.is_training && batch.epoch === epoch).map((batch) => batch.batch_metrics);
    compare(ofEpoch(fixture.resume.results[i]), ofEpoch(session.recorder), `phase ${i}: epoch metrics`, TOLERANCE);
  }
}

async function keptCase(fixture, folder) {
  for await (const [i] of phases(fixture, folder)) compareKeptFiles(fixture.resume.results[i], folder, `phase ${i}: `);
}

async function* phases(fixture, folder) {
  const { interrupt_inside_on_batch_of: interruptAt, results } = fixture.resume;
  for (const i of results.keys()) {
    const session = start(fixture, folder, i === 0 ? interruptAt : undefined);
    session.build();
    await session.train().catch((error) => {
      if (!(error instanceof Interruption)) throw error;
    });
    yield [i, session];
  }
}

/** The epoch that a phase begins with. */
const firstEpoch = ({ resume }, phase) => resume.results[phase].batches[0]?.epoch;

function start(fixture, folder, interruptAt) {
  const recorder = new RecorderV2(interruptAt);
  const run = trainedRun({ ...fixture, trainer: translated(fixture.trainer) }, fixture.initial_parameters, {
    callbacks: [...(fixture.trainer.callbacks ?? []), recorder],
    serializationDir: folder,
    compatibility: 'allennlp-2',
  });
  return Object.assign(run, { recorder });
}

/** What turns default callbacks off, of which there are none here. */
const DEFAULT_CALLBACKS = ['run_confidence_checks', 'run_sanity_checks', 'enable_default_callbacks'];

/** 2.10's names for options of the checkpointer, and ours. */
const RENAMED = {
  keep_most_recent_by_count: 'num_serialized_models_to_keep',
  save_every_num_seconds: 'model_save_interval',
};

/** A trainer's config in our words. */
function translated(trainer) {
  const config = without(trainer, (key) => DEFAULT_CALLBACKS.includes(key));
  if (config.checkpointer === undefined) return config;
  const renamed = Object.entries(config.checkpointer).map(([key, value]) => [RENAMED[key] ?? key, value]);
  return { ...config, checkpointer: Object.fromEntries(renamed) };
}

/** @param partialEpoch the epoch that a resume went on with: its metrics are not compared. */
function compareRun(fixture, expected, { trainer, recorder, returned }, folder, at = '', partialEpoch = undefined) {
  const comparable = (batches) => batches.map((batch) => comparableBatch(batch, fixture, partialEpoch));
  compare(expected.callback_log, recorder.callback_log, `${at}callback_log`, 0);
  compare(comparable(expected.batches), comparable(recorder.batches), `${at}batches`, TOLERANCE);
  compare(expected.epochs, recorder.epochs, `${at}epochs`, TOLERANCE);
  if (expected.returned_metrics !== undefined) {
    const isPartial = expected.returned_metrics.epoch === partialEpoch;
    const shown = (metrics) => without(metrics, (name) => isPartial && name.startsWith('training_'));
    compareMetrics(shown(expected.returned_metrics), shown(returned), `${at}returned_metrics`);
  }
  compare(flat(expected.final_parameters), values(trainer.model.namedVariables()), `${at}final_parameters`, TOLERANCE);
  const written = [...metricsFiles(folder), ...(fs.existsSync(path.join(folder, 'best.json')) ? ['best.th'] : [])];
  const files = expected.files.filter((file) => /^metrics_epoch_|^best\.th$/.test(file));
  compare(files.sort(), written.sort(), `${at}files`, 0);
}

/** With the names of its metrics, for none may be there that is not expected. */
function comparableBatch({ batch_metrics: metrics, ...batch }, fixture, partialEpoch) {
  if (batch.is_training && batch.epoch === partialEpoch) return batch;
  const isApart = (name) => name === 'batch_reg_loss' && batch.is_training && hasPenaltyOfSeveral(fixture);
  return { ...batch, metric_names: Object.keys(metrics).sort(), batch_metrics: without(metrics, isApart) };
}

function without(object, isOut) {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !isOut(key)));
}

function compareKeptFiles({ files }, folder, at = '') {
  const folders = files.flatMap((file) => {
    const [, epochs, batches] = /^model_state_e(\d+)_b(\d+)\.th$/.exec(file) ?? [];
    if (epochs === undefined) return [];
    return [batches === '0' ? `epoch_${epochs - 1}` : `epoch_${epochs}_step_${batches}`];
  });
  compareKept(folders.sort(), keptCheckpoints(folder), `${at}the checkpoints that are kept`);
}

function hasPenaltyOfSeveral({ model, trainer }) {
  return model.regularizer !== undefined && (trainer.num_gradient_accumulation_steps ?? 1) > 1;
}
