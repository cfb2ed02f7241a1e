import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { DataLoader, definePlugin, Model, Trainer, trainFromConfig } from '@x/trainer-core';
import { z } from 'zod';

import { accepted, caught, exactly, says } from '../lib/caught.mjs';
import { compare } from '../lib/compare.mjs';
import { literal } from '../lib/python.mjs';

/** serialization_dir.json: which folders a run may write into, and what becomes of what is in them. */
export function cases({ cases: all }) {
  return all.map((fixture) => ({ name: fixture.name, fixture, run: () => folderCase(fixture) }));
}

/** What every run writes, as the original's does next. */
const WRITTEN = ['config.json', 'meta.json'];

/** Stand in the folder while a run is under way, and are gone afterwards: the lock, and what `force` replaces. */
const MEANWHILE = /^(run\.lock|\.replaced-.*)$/;

/** Differences that do not stop a run here. */
const CHANGEABLE = /'trainer\.(num_epochs|patience)'/;

async function folderCase({ existing_files: existing, config, recover, force, error, ...expected }) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'parity-dir-'));
  const folder = path.join(root, 'run');
  try {
    if (existing !== null) fill(folder, existing);
    let during;
    const plugins = [recorder(() => (during = filesIn(folder).filter((name) => !MEANWHILE.test(name))))];
    const run = () => trainFromConfig(asRun(config), { serializationDir: folder, recover, force, plugins });
    if (error === undefined) {
      await accepted(null, run, 'the run');
      exactly([...new Set([...expected.files_after, ...WRITTEN])].sort(), during, 'files_after');
      return;
    }
    const thrown = await caught(error, run);
    const lines = expected.error_log_lines.filter((line) => !CHANGEABLE.test(line));
    says(thrown, [reasonFor(error), ...lines.map(differenceIn)]);
    compare(expected.dir_exists_after, fs.existsSync(folder), 'dir_exists_after', 0);
    exactly(expected.files_after, filesIn(folder), 'files_after');
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

function fill(folder, files) {
  fs.mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    const value = name === 'config.json' && typeof content === 'object' ? asRun(content) : content;
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  }
}

function filesIn(folder) {
  return fs.existsSync(folder) ? fs.readdirSync(folder).sort() : null;
}

/** A config that can be run and holds the fixture's: what may change in the trainer there, everything else in the model. */
function asRun(config) {
  const { num_epochs: epochs, patience, ...trainer } = config.trainer ?? {};
  const changeable = { num_epochs: epochs, patience };
  return {
    model: { type: 'parity', config: { ...config, trainer } },
    data_loader: { type: 'parity' },
    trainer: {
      type: 'parity',
      ...Object.fromEntries(Object.entries(changeable).filter(([, value]) => value !== undefined)),
    },
  };
}

/** Components that take any options and do nothing; `look` is called when training starts. */
function recorder(look) {
  class AnyModel extends Model {
    forward = () => ({});
    namedVariables = () => ({});
  }
  class NoData extends DataLoader {
    resumability = 'seekable';
    length = () => 0;
    async *epoch() {}
  }
  class Looker extends Trainer {
    constructor() {
      super();
    }

    async train() {
      look();
      return {};
    }
  }
  Model.register('parity', z.looseObject({}))(AnyModel);
  DataLoader.register('parity')(NoData);
  Trainer.register('parity', z.looseObject({}))(Looker);
  return definePlugin({ name: 'parity', provides: [AnyModel, NoData, Looker] });
}

const REASONS = [
  [/already exists and is not empty/, /is not empty; go on with the run in it \(--recover\)/],
  [/both force and recover/, /recover and force exclude each other/],
  [/There is nothing to recover from/, /there is no run to recover/],
  [/doesn't contain a config.json/, /has no config.json/],
  [/does not match the configuration/, /was started with another configuration/],
];

/** The original crashes with the key while it says that one was added. */
function reasonFor({ type, message }) {
  const found = REASONS.find(([pattern]) => pattern.test(message));
  return found?.[1] ?? (type === 'KeyError' ? /was started with another configuration/ : message);
}

/** What our message says of a difference that the original logs. */
function differenceIn(line) {
  const [, key] = /'(.*?)'/.exec(line);
  const place = escaped(`model.config.${key}`);
  const values = /we're recovering from: (.*) != (.*)$/.exec(line);
  if (values !== null)
    return new RegExp(`${place}: the run has .*${shown(values[2])}.*, the config .*${shown(values[1])}`);
  const isAdded = line.includes('found in training configuration but not');
  return new RegExp(isAdded ? `${place}: the run has nothing` : `${place}: .*the config nothing`);
}

/** A value that Python printed, as our messages print it: texts without quotes, everything else as JSON. */
function shown(text) {
  try {
    return escaped(JSON.stringify(literal(text)).slice(0, 50));
  } catch {
    return escaped(text.slice(0, 50));
  }
}

function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
