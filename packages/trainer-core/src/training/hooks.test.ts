import '@tensorflow/tfjs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { LineModel, lineBatches, MemoryCheckpointer, MomentumDescent } from '../__fixtures__/small-run.js';
import { TrainerCallback } from '../contracts/callbacks.js';
import type { HookName } from './hooks.js';
import { ParameterSet } from '../state/parameters.js';
import { GradientDescentTrainer } from './gradient-descent-trainer.js';

const EPOCHS = 2;
const LOOPS: Readonly<Record<string, number>> = {
  'for each epoch:': EPOCHS,
  'for each step:': 3,
  'for each micro-batch:': 2,
  'for each validation batch:': 2,
};

/** The hooks that the doc comment of `TrainerCallback` shows, loops unrolled, for a run that does not fail. */
function documentedOrder(): string[] {
  const source = readFileSync(join(__dirname, '..', 'contracts', 'callbacks.ts'), 'utf8');
  const lines = /```text\n([\s\S]*?) \* ```/
    .exec(source)![1]!
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^ \* /, ''))
    .filter((line) => !line.includes('(if the run failed)'));
  return unrolled(lines);
}

function unrolled([line, ...rest]: readonly string[]): string[] {
  if (line === undefined) return [];
  const [text] = line.trim().split(/\s{2,}/);
  const times = LOOPS[text!];
  if (times === undefined) return [text!, ...unrolled(rest)];
  const end = rest.findIndex((next) => depthOf(next) <= depthOf(line));
  const body = unrolled(end < 0 ? rest : rest.slice(0, end));
  return [...Array.from({ length: times }, () => body).flat(), ...unrolled(end < 0 ? [] : rest.slice(end))];
}

function depthOf(line: string): number {
  return line.search(/\S/);
}

const HOOKS: readonly HookName[] = [
  'onRunStart',
  'onEpochStart',
  'onStepStart',
  'onMicroBatchEnd',
  'onGradients',
  'onStepEnd',
  'onEvaluateStart',
  'onEvaluateBatch',
  'onEvaluateEnd',
  'onCheckpoint',
  'onEpochEnd',
  'onError',
  'onRunEnd',
];

/** Writes down every hook, and throws in one of them if told. */
function recorder(throwIn?: HookName): { callback: TrainerCallback; fired: string[] } {
  const fired: string[] = [];
  const hooks = HOOKS.map((name) => [
    name,
    (): void => {
      fired.push(name);
      if (name === throwIn) throw new RangeError(`from ${name}`);
    },
  ]);
  return {
    callback: Object.assign(new (class Recorder extends TrainerCallback {})(), Object.fromEntries(hooks)),
    fired,
  };
}

function trainerWith(callbacks: TrainerCallback[]): GradientDescentTrainer {
  const model = new LineModel();
  const batches = lineBatches(6);
  return new GradientDescentTrainer({
    model,
    optimizer: new MomentumDescent({ lr: 0.01 }, ParameterSet.of(model.namedVariables())),
    dataLoader: batches,
    validationDataLoader: batches.slice(0, 2),
    checkpointer: new MemoryCheckpointer(1),
    numGradientAccumulationSteps: 2,
    numEpochs: EPOCHS,
    callbacks,
  });
}

it('fires the hooks in the order that their documentation shows', async () => {
  const { callback, fired } = recorder();
  await trainerWith([callback]).train();
  expect(fired).toEqual(documentedOrder());
});

it.each(HOOKS.filter((name) => name !== 'onError' && name !== 'onRunEnd'))(
  'an error in %s ends the run: onError and onRunEnd are called on everyone, and the error is the one that is thrown',
  async (name) => {
    const failing = recorder(name);
    const other = recorder();
    await expect(trainerWith([failing.callback, other.callback]).train()).rejects.toThrow(`from ${name}`);
    for (const { fired } of [failing, other]) expect(fired.slice(-2)).toEqual(['onError', 'onRunEnd']);
  },
);
