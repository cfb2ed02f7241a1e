import { Engine, evaluateModel, loadTrained } from '@x/trainer-core';

import { formatNumber } from '../format.js';
import { print, writeWhole } from '../io.js';
import type { Io } from '../io.js';
import { loadTensorflowForRun } from '../tensorflow.js';

export interface EvaluateCommandOptions {
  readonly weights?: 'best' | 'latest';
  readonly overrides?: string;
  readonly outputFile?: string;
}

/** Evaluates the model of a run on its test data, or on other data that its reader reads. */
export async function evaluate(
  folder: string,
  path: string | undefined,
  options: EvaluateCommandOptions,
  io: Io,
): Promise<void> {
  const { outputFile, ...loading } = options;
  await loadTensorflowForRun(folder);
  const trained = await loadTrained(folder, loading);
  try {
    const engine = trained.run.container.find<Engine>(Engine);
    const { batchWeightKey } = trained.run.options;
    const metrics = await evaluateModel(trained.model, await trained.dataLoader(path), {
      ...(engine === undefined ? {} : { engine }),
      batchWeightKey,
    });
    for (const [name, value] of Object.entries(metrics)) print(io, `${name}  ${formatNumber(value)}`);
    if (outputFile === undefined) return;
    await writeWhole(outputFile, `${JSON.stringify(metrics, null, 2)}\n`);
    print(io, `written to ${outputFile}`);
  } finally {
    trained.dispose();
  }
}
