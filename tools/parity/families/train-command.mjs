import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { loadArchive, run as xTrain } from '@x/cli';
import { list } from 'tar';

import { compare } from '../lib/compare.mjs';
import { Mismatch } from '../lib/outcome.mjs';
import { plugins } from '../lib/run.mjs';
import { values } from '../lib/tensors.mjs';
import tiny from '../lib/tiny.mjs';

const TOLERANCE = 1e-4;

/** The plugins that `x-train` is given, as files, so that they are found from any folder. */
const PLUGINS = [
  ...['@x/optim', '@x/schedulers', '@x/data', '@x/checkpoint'].map((name) => fileURLToPath(import.meta.resolve(name))),
  path.join(import.meta.dirname, '..', 'lib', 'tiny.mjs'),
];

/**
 * train_command.json: `x-train train` from the config to the files. Cases named `phase2_...` and so on go on in the folder
 * of those before them. What is in the folder afterwards is a case of its own.
 */
export function cases({ cases: all, data_files: dataFiles }) {
  return all.flatMap((recorded, i) => {
    const before = phasesBefore(all, i).filter(changedFolder);
    const { flags, config } = recorded;
    const changes = flags.recover === true ? changedKeys(before.at(-1)?.config ?? {}, config) : [];
    const fixture = { ...recorded, changes };
    const phases = [...before, fixture];
    const finished = (check) => () => inFolder((folder) => trained(phases, dataFiles, folder, check));
    return [
      { name: fixture.name, fixture, run: finished(checkRun) },
      { name: `${fixture.name}, files`, fixture, run: finished(checkFiles) },
    ];
  });
}

const phaseOf = ({ name }) => Number(/^phase(\d+)_/.exec(name)?.[1] ?? 1);

function phasesBefore(all, i) {
  let first = i;
  while (first > 0 && phaseOf(all[first]) === phaseOf(all[first - 1]) + 1) first -= 1;
  return all.slice(first, i);
}

/** What the original refused left the folder as it was. */
const changedFolder = ({ error }) => error === undefined || error.type === 'KeyboardInterrupt';

/** The keys whose values differ, dotted. */
function changedKeys(before, now, path = '') {
  if (JSON.stringify(before) === JSON.stringify(now)) return [];
  const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(before) || !isObject(now)) return [path.slice(1)];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys.flatMap((key) => changedKeys(before[key], now[key], `${path}.${key}`));
}

async function trained(phases, dataFiles, folder, check) {
  const data = path.join(folder, 'data');
  fs.mkdirSync(data);
  for (const [name, text] of Object.entries(dataFiles)) fs.writeFileSync(path.join(data, name), text);
  const dir = path.join(folder, 'run');
  let finished;
  const interrupted = phases.some(({ error }) => error?.type === 'KeyboardInterrupt');
  for (const { config: recorded, flags } of phases) {
    const config = interrupted ? savedBeforeCallbacks(recorded) : recorded;
    const file = path.join(folder, 'config.json');
    fs.writeFileSync(file, JSON.stringify(config).replaceAll('<data>', data));
    finished = await command(['train', file, '-s', dir, '--plugins', PLUGINS.join(','), ...options(flags)]);
  }
  await check(phases.at(-1), { ...finished, dir, data });
}

/** Where a callback interrupts the original, the checkpoint of the epoch is written already. */
const savedBeforeCallbacks = (config) => ({
  ...config,
  trainer: { ...config.trainer, checkpoint_at: 'beforeCallbacks' },
});

/** `recover` as `--recover`; the plugins take the place of `include_package`. */
const options = (flags) =>
  Object.entries(flags).flatMap(([name, value]) => (value === true ? [`--${name.replaceAll('_', '-')}`] : []));

async function command(args) {
  let err = '';
  const nothing = (async function* () {})();
  const status = await xTrain(args, {
    out: { write: () => undefined },
    err: { write: (text) => (err += text) },
    input: nothing,
  });
  return { status, err };
}

async function checkRun(fixture, { status, err, dir, data }) {
  checkStatus(fixture.error, status, err);
  if (fixture.metrics_json !== undefined) compareMetrics(fixture, path.join(dir, 'metrics.json'));
  if (fixture.error !== undefined) return;
  compare(ordered(JSON.parse(fixture.config_json_text)), writtenConfig(dir, data), 'config.json', 0);
  const labels = fs.readFileSync(path.join(dir, 'vocabulary', 'labels.txt'), 'utf8');
  compare(fixture.vocabulary_labels_txt, labels, 'vocabulary/labels.txt', 0);
  if (fixture.returned_parameters !== undefined && isPortable(fixture.config)) await compareModel(fixture, dir);
}

/** An error of the original is one of ours with its code; Ctrl-C has an exit status of its own. */
function checkStatus(error, status, err) {
  if (error === undefined) {
    if (status !== 0) throw new Mismatch('the run', 'exit status 0', `${status}: ${err}`);
  } else if (error.type === 'KeyboardInterrupt') compare(130, status, 'the exit status', 0);
  else if (status !== 1 || !/\[X_[A-Z_]+\]/.test(err)) throw new Mismatch('the error', error, `${status}: ${err}`);
}

function compareMetrics({ metrics_json: expected, metrics_json_keys_all: names, config, flags }, file) {
  const metrics = JSON.parse(fs.readFileSync(file, 'utf8'));
  // a resumed run of ours has the order of one that was not stopped
  const inOrder = (keys) => (flags?.recover === true ? keys.toSorted() : keys);
  compare(inOrder(names), inOrder(Object.keys(metrics)), 'metrics.json, names', 0);
  if (isPortable(config)) compare(expected, metrics, 'metrics.json', TOLERANCE);
}

const RANDOM_ORDER = /"type":"(bucket|max_tokens_sampler|random|subset_random|weighted_random)"|"shuffle":true/;

/** Random orders are Python's. */
const isPortable = ({ data_loader: loader }) => !RANDOM_ORDER.test(JSON.stringify(loader));

/** A config as entries, in their order; that of objects is significant. */
function ordered(value) {
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  return Object.entries(value).map(([key, item]) => [key, ordered(item)]);
}

const writtenConfig = (dir, data) => {
  const text = fs.readFileSync(path.join(dir, 'config.json'), 'utf8').replaceAll(data, '<data>');
  return ordered(JSON.parse(text, (key, value) => (key === 'checkpoint_at' ? undefined : value)));
};

async function compareModel({ returned_parameters: parameters, returned_model: name }, dir) {
  if (name === null) return;
  const { model, dispose } = await loadArchive(path.join(dir, 'model.tar.gz'), { plugins: [...plugins, tiny] });
  try {
    const expected = Object.fromEntries(Object.entries(parameters).map(([key, { data }]) => [key, data]));
    compare(expected, values(model.namedVariables()), 'the parameters', TOLERANCE);
  } finally {
    dispose();
  }
}

async function checkFiles(fixture, { dir }) {
  const ours = fs.existsSync(dir) ? filesBelow(dir) : [];
  const isCheckpoint = (file) => file.startsWith('checkpoints/');
  const expected = [...new Set(fixture.files.flatMap(translated))];
  if (ours.length === 0 && expected.length > 0)
    throw new Mismatch('the files, of which there are none', expected, ours);
  const all = expected.length > 0 ? [...expected, 'meta.json'].sort() : [];
  compare(
    all.filter((file) => !isCheckpoint(file)),
    ours.filter((file) => !isCheckpoint(file)),
    'the files',
    0,
  );
  compare(all.filter(isCheckpoint), ours.filter(isCheckpoint), 'the checkpoints that are kept', 0);
  if (fixture.archive_members === undefined) return;
  const members = [...fixture.archive_members.flatMap(translated), 'meta.json'].sort();
  compare(members, (await membersOf(path.join(dir, 'model.tar.gz'))).sort(), 'the members of the archive', 0);
}

const NAMES = {
  'best.th': ['best.json', 'latest.json'],
  'weights.th': ['weights.safetensors'],
  'stdout.log': ['out.log'],
  'stderr.log': [],
  'vocabulary/.lock': [],
};

/** The names that a file of the original has here. */
function translated(file) {
  const [, kind, epoch] = /^(model|training)_state_epoch_(\d+)\.th$/.exec(file) ?? [];
  if (kind === undefined) return NAMES[file] ?? [file];
  const parts = {
    model: ['manifest.json', 'model_state.safetensors'],
    training: ['training_state.json', 'training_state.safetensors'],
  };
  return parts[kind].map((part) => `checkpoints/epoch_${epoch}/${part}`);
}

/** Without the event files, which the fixtures leave out too. */
function filesBelow(dir) {
  const entries = fs.readdirSync(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  const paths = files.map(({ parentPath, name }) =>
    path.relative(dir, path.join(parentPath, name)).replaceAll(path.sep, '/'),
  );
  return paths.filter((file) => !file.startsWith('log/')).sort();
}

async function membersOf(file) {
  const members = [];
  await list({ file, onReadEntry: (entry) => members.push(entry.path.replace(/\/$/, '')) });
  return members;
}

async function inFolder(use) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'parity-'));
  try {
    await use(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
