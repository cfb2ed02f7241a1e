import path from 'node:path';
import { parseArgs } from 'node:util';

import { median, printMachine, printTable } from './lib.mjs';
import { Contestant } from './engine/child.mjs';
import { duel, stepMs, withSpread } from './engine/duel.mjs';
import { FIRST_STEP_MS, MEMORY, ownTime, SPLIT, TO_TFJS, TO_TORCH, WITHIN } from './engine/targets.mjs';
import { bestTorch, findPython } from './engine/torch.mjs';

const SCRIPT = path.join(import.meta.dirname, 'engine', 'contestant.mjs');

/**
 * A training step of GradientDescentTrainer, without callbacks and with Adam, on the ONNX engine, against PyTorch's and
 * tfjs's own: times as ratios of bursts in turn, the first step, the time outside of native code, and memory.
 */
export async function bench(args) {
  const options = optionsOf(args);
  printMachine();
  const python = findPython(options);
  console.log(
    `Bursts of ${options.burstMs} ms in turn, ${options.windows} windows of ${options.rounds} rounds; a ratio is the median ` +
      'over windows, with the lowest and the highest one; over 1 we are faster\n',
  );
  const rows = [];
  for (const threads of options.threads) {
    for (const model of options.models) rows.push(await measure(model, threads, python, options));
  }
  console.log();
  const headings = [
    'model',
    'threads',
    'ours ms',
    'PyTorch ms',
    'ratio',
    'target',
    'MB',
    'to PyTorch',
    'start ms',
    'own us',
  ];
  printTable([...headings, 'allowed us', 'trainer us'], rows);
  console.log(
    [
      '',
      `target      at least this, less ${WITHIN * 100} %`,
      `MB          peak resident memory of the process; to PyTorch: at most ${MEMORY} of that of its process`,
      `start ms    the first two steps, of which each is compiled; at most ${FIRST_STEP_MS} each`,
      'own us      time in the engine outside of the native call and the generated update; allowed: 50 and 1 for each input and output',
      'trainer us  time of a step outside of the engine',
    ].join('\n'),
  );
  await compareWithSplit(options);
  if (options.tfjs) await compareWithTfjs(options);
}

function optionsOf(args) {
  const { values } = parseArgs({
    args,
    options: {
      models: { type: 'string', default: Object.keys(TO_TORCH).join() },
      threads: { type: 'string', default: '1,2' },
      windows: { type: 'string', default: '3' },
      rounds: { type: 'string', default: '8' },
      burst: { type: 'string', default: '250' },
      engine: { type: 'string', default: 'onnx' },
      tfjs: { type: 'boolean', default: true },
      'install-torch': { type: 'boolean', default: false },
    },
    allowNegative: true,
  });
  return {
    models: values.models.split(','),
    threads: values.threads.split(',').map(Number),
    windows: Number(values.windows),
    rounds: Number(values.rounds),
    burstMs: Number(values.burst),
    engine: values.engine,
    tfjs: values.tfjs,
    install: values['install-torch'],
  };
}

const contestant = (model, engine, threads) =>
  new Contestant(`${model} on ${engine}`, process.execPath, [SCRIPT, model, engine, String(threads)]);

async function measure(model, threads, python, options) {
  const ours = contestant(model, options.engine, threads);
  const torch = python === null ? null : await bestTorch(python, model, threads, options.burstMs);
  try {
    const start = await ours.ready;
    if (torch !== null) checkTwins(model, start, await torch.contestant.ready);
    const result = torch === null ? await alone(ours, options) : await duel(ours, torch.contestant, options);
    const peak = await ours.peakMB();
    const torchPeak = (await torch?.contestant.peakMB()) ?? null;
    const microseconds = (of) => (median(result.ours.flatMap(of)) * 1000).toFixed(0);
    console.log(`${model}: ${start.parameters} parameters${torch === null ? '' : `; PyTorch at ${torch.setting}`}`);
    return [
      model,
      threads,
      median(result.ours.map(stepMs)).toFixed(2),
      torch === null ? '-' : median(result.rival.map(stepMs)).toFixed(2),
      torch === null ? '-' : withSpread(result.ratios),
      TO_TORCH[model][threads] ?? '-',
      peak.toFixed(0),
      torchPeak === null ? '-' : (peak / torchPeak).toFixed(2),
      start.startMs.map((ms) => ms.toFixed(0)).join(' + '),
      microseconds(({ engineMs }) => engineMs),
      ownTime(result.ours.at(-1).inputsAndOutputs),
      microseconds(({ trainerMs }) => trainerMs),
    ];
  } finally {
    ours.end();
    torch?.contestant.end();
  }
}

/** Our step without a rival. */
async function alone(ours, { windows, rounds, burstMs }) {
  const bursts = [];
  for (let round = 0; round < windows * rounds; round++) bursts.push(await ours.burst(burstMs));
  return { ours: bursts };
}

function checkTwins(model, ours, theirs) {
  if (ours.parameters === theirs.parameters) return;
  throw new Error(
    `${model} has ${ours.parameters} parameters here and ${theirs.parameters} in PyTorch: models.mjs and torch_models.py differ`,
  );
}

/** A step as one program against the same as two: gradients into one vector, and the update from there. */
async function compareWithSplit({ engine, ...options }) {
  const rows = [];
  for (const threads of options.threads) {
    for (const model of options.models) {
      const fused = contestant(model, engine, threads);
      const split = contestant(model, `${engine}-split`, threads);
      try {
        await Promise.all([fused.ready, split.ready]);
        const { ratios } = await duel(fused, split, options);
        rows.push([model, threads, withSpread(ratios), SPLIT]);
      } finally {
        fused.end();
        split.end();
      }
    }
  }
  console.log('\nGradients and update as two programs: how many times as long as the fused step, and at most\n');
  printTable(['model', 'threads', 'ratio', 'target'], rows);
}

/** Against tfjs on its CPU backend, the best that a plain `npm ci` gives: WebAssembly's has no gradients of convolutions. */
async function compareWithTfjs({ models, engine, burstMs, threads: [threads] }) {
  const rows = [];
  for (const [model, target] of Object.entries(TO_TFJS)) {
    if (!models.includes(model)) continue;
    const ours = contestant(model, engine, threads);
    const tfjs = contestant(model, 'tfjs', 1);
    try {
      await Promise.all([ours.ready, tfjs.ready]);
      // a burst is two steps of tfjs at least, which take seconds
      const { ratios, ...bursts } = await duel(ours, tfjs, { windows: 1, rounds: 1, burstMs });
      const [ourMs, tfjsMs] = [bursts.ours, bursts.rival].map((of) => median(of.map(stepMs)).toFixed(1));
      rows.push([model, threads, ourMs, tfjsMs, median(ratios).toFixed(0), target]);
    } finally {
      ours.end();
      tfjs.end();
    }
  }
  if (rows.length === 0) return;
  console.log('\nAgainst tfjs alone: its optimizer, its CPU backend, what model.fit does for a batch\n');
  printTable(['model', 'threads', 'ours ms', 'tfjs ms', 'ratio', 'target'], rows);
}
