import { TrainerCallback } from '../contracts/callbacks.js';
import type { Registry } from '../plugins/registry.js';
import { isPlain } from './plain-data.js';
import type { Problem } from './problem.js';
import { keysOf } from './schema.js';
import { show } from './show.js';
import { camelCase, keyIn } from './spelling.js';

/** What a key of another version of AllenNLP under `trainer` means here. */
interface OriginalKey {
  /** Values that ask for what happens anyway: these are accepted. */
  readonly accepted?: readonly unknown[];
  /** What to write instead of any other value. */
  readonly instead: (value: unknown) => string;
}

const CHECKPOINTER = under('checkpointer');
const TENSORBOARD = under('tensorboardWriter');

/** By key in camelCase. Those of 2.x first, then those of 0.9. */
const KEYS: Readonly<Record<string, OriginalKey>> = {
  useAmp: { accepted: [false, null], instead: () => 'mixed precision is "optLevel": "O1" here' },
  // scales the loss of mixed precision only, and an opt level does so itself
  gradScaling: { accepted: [true, false, null], instead: () => 'remove it: an opt level scales the loss itself' },
  runConfidenceChecks: { accepted: [false, null], instead: noChecks },
  runSanityChecks: { accepted: [false, null], instead: noChecks },
  // the default callback prints, which x-train does itself
  enableDefaultCallbacks: {
    accepted: [true, false, null],
    instead: () => 'remove it: list callbacks under "callbacks"',
  },
  ddpAccelerator: { accepted: [null], instead: () => 'remove it: data-parallel training needs no accelerator here' },
  endCallbacks: {
    accepted: [null],
    instead: () => 'a callback under "callbacks" has a hook for the end of training',
  },
  numSerializedModelsToKeep: { instead: CHECKPOINTER('numSerializedModelsToKeep') },
  keepSerializedModelEveryNumSeconds: { instead: CHECKPOINTER('keepSerializedModelEveryNumSeconds') },
  modelSaveInterval: { instead: CHECKPOINTER('modelSaveInterval') },
  summaryInterval: { instead: TENSORBOARD('summaryInterval') },
  histogramInterval: { instead: TENSORBOARD('histogramInterval') },
  shouldLogParameterStatistics: { instead: TENSORBOARD('shouldLogParameterStatistics') },
  shouldLogLearningRate: { instead: TENSORBOARD('shouldLogLearningRate') },
  logBatchSizePeriod: { instead: TENSORBOARD('batchSizeInterval') },
  shuffle: { instead: (value) => `write "shuffle": ${JSON.stringify(value)} under "dataLoader", beside "trainer"` },
};

/** What 0.9 has at the top level. */
const TOP_KEYS: Readonly<Record<string, string>> = {
  iterator: 'batches are made under "dataLoader"',
  validationIterator: 'validation batches are made under "validationDataLoader"',
  evaluation: 'evaluate with x-train evaluate, or at the end of training with "evaluateOnTest": true',
};

/** Options that 2.x has under another name, by the part of the trainer that takes them. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  checkpointer: {
    keepMostRecentByCount: 'numSerializedModelsToKeep',
    saveEveryNumSeconds: 'modelSaveInterval',
  },
  tensorboardWriter: { distributionInterval: 'histogramInterval' },
};

/** The trainer's block of a config without what is only another version's way to say it, and what cannot be translated. */
export interface Translation {
  readonly trainer: Record<string, unknown>;
  /** Paths start at the block. */
  readonly problems: readonly Problem[];
  /** The path in the block as it was written, of a path in the translated one. */
  readonly written: (path: readonly PropertyKey[]) => readonly PropertyKey[];
}

/**
 * Translates keys and values of other versions of AllenNLP in a trainer's block: those that have a counterpart get its
 * name, those that ask for what happens anyway are taken out, and the others are problems that say what to write instead.
 * Keys that the trainer, or the part of it, itself knows are its own.
 *
 * @param own the keys of the trainer's schema.
 */
export function translateTrainer(
  block: Readonly<Record<string, unknown>>,
  own: readonly string[],
  registry: Registry,
): Translation {
  const problems: Problem[] = [];
  const trainer: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(block)) {
    const name = camelCase(key);
    const original = own.includes(name) ? undefined : KEYS[name];
    if (name === 'cudaDevice' && own.includes(name) && Array.isArray(value)) {
      problems.push({ code: 'X_CONFIG_WRONG_TYPE', path: [key], message: severalDevices(value) });
    } else if (original === undefined) {
      trainer[key] = value;
    } else if (original.accepted?.includes(value) !== true) {
      problems.push({
        code: 'X_CONFIG_MISPLACED_KEY',
        path: [key],
        message: `"${key}" is of another version of AllenNLP; ${original.instead(value)}`,
      });
    }
  }
  const isCallbackOfPlugin = registry.find(TrainerCallback.kind, 'tensorboard') !== undefined;
  const mayTake = own.includes('callbacks') && own.includes('tensorboardWriter') && !isCallbackOfPlugin;
  const taken = mayTake ? takeTensorboard(trainer, problems) : Infinity;
  for (const [key, value] of Object.entries(trainer)) trainer[key] = renamed(camelCase(key), value, registry);
  const written = (path: readonly PropertyKey[]): readonly PropertyKey[] => {
    const [key, place, ...rest] = path;
    return key === 'callbacks' && typeof place === 'number' && place >= taken ? [key, place + 1, ...rest] : path;
  };
  return { trainer, problems, written };
}

/** A part whose options have the names of here. */
function renamed(part: string, value: unknown, registry: Registry): unknown {
  const names = RENAMED[part];
  if (names === undefined || !isPlain(value)) return value;
  const { type = 'default' } = value;
  const registration = typeof type === 'string' ? registry.find(part, type) : undefined;
  const own = registration === undefined ? [] : keysOf(registration.schema);
  const entries = Object.entries(value).map(([key, item]) => {
    const name = names[camelCase(key)];
    const isTranslated = name !== undefined && own.includes(name) && !own.includes(camelCase(key));
    return [isTranslated ? name : key, item] as const;
  });
  return Object.fromEntries(entries);
}

/** What to say of a key at the top level that only another version of AllenNLP has. */
export function adviceForTopKey(key: string): string | undefined {
  const advice = TOP_KEYS[camelCase(key)];
  return advice === undefined ? undefined : `"${key}" is of another version of AllenNLP; ${advice}`;
}

/** The callback "tensorboard" of 2.x is the TensorBoard writer of 1.0. Returns its place among the callbacks. */
function takeTensorboard(trainer: Record<string, unknown>, problems: Problem[]): number {
  const { callbacks } = trainer;
  const place = Array.isArray(callbacks) ? callbacks.findIndex((entry) => typeOf(entry) === 'tensorboard') : -1;
  if (!Array.isArray(callbacks) || place < 0) return Infinity;
  const entry: unknown = callbacks[place];
  trainer['callbacks'] = callbacks.filter((_item, i) => i !== place);
  if (keyIn(trainer, 'tensorboardWriter') === undefined) {
    const { type: _, ...options } = isPlain(entry) ? entry : { type: entry };
    trainer['tensorboardWriter'] = options;
  } else {
    const message = `${show(entry)} is the TensorBoard writer, which "tensorboardWriter" gives already; keep one of them`;
    problems.push({ code: 'X_CONFIG_INVALID', path: ['callbacks', place], message });
  }
  return place;
}

function typeOf(entry: unknown): unknown {
  return isPlain(entry) ? entry['type'] : entry;
}

function under(part: string): (key: string) => (value: unknown) => string {
  return (key) => (value) => `write "${part}": {"${key}": ${JSON.stringify(value)}}`;
}

function noChecks(): string {
  return 'remove it: a model is not tried out before training here';
}

function severalDevices(devices: unknown): string {
  return (
    `expected one device number (-1 for the CPU), received ${show(devices)}; a trainer uses one device, several are ` +
    'listed under "distributed"'
  );
}
