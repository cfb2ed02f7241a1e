import { Engine, evaluateModel, tokenOf } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

import { loadArchive } from '../archive/load-archive.js';
import { formatNumber } from '../format.js';
import { print, toJson, wholeNumber, writeWhole } from '../io.js';
import type { Io } from '../io.js';

export interface EvaluateCommandOptions {
  readonly weights?: 'best' | 'latest';
  readonly weightsFile?: string;
  readonly overrides?: readonly string[];
  readonly batchSize?: string;
  readonly batchWeightKey?: string;
  readonly outputFile?: string;
}

/** Evaluates the model of a run on its test data, or on other data that its reader reads. */
export async function evaluate(
  model: string,
  path: string | undefined,
  options: EvaluateCommandOptions,
  plugins: readonly Plugin[],
  io: Io,
): Promise<void> {
  const { outputFile, batchSize, batchWeightKey, ...loading } = options;
  const batches = batchSize === undefined ? undefined : wholeNumber('--batch-size', batchSize);
  const trained = await loadArchive(model, { ...loading, plugins });
  try {
    const metrics = await evaluateModel(trained.model, await trained.dataLoader(path, { batchSize: batches }), {
      engine: trained.run.container.get(tokenOf<Engine>(Engine)),
      batchWeightKey: batchWeightKey ?? trained.run.options.batchWeightKey,
    });
    for (const [name, value] of Object.entries(metrics)) print(io, `${name}  ${formatNumber(value)}`);
    if (outputFile === undefined) return;
    await writeWhole(outputFile, `${toJson(metrics, 2)}\n`);
    print(io, `written to ${outputFile}`);
  } finally {
    trained.dispose();
  }
}
