import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { log, readState, TrainerCallback } from '@x/trainer-core';
import { z } from 'zod';

import { History } from './history.js';

export const JsonlOptions = z.strictObject({
  file: z.string().min(1).default('history.jsonl').describe("The file's name, in the folder of the run"),
  everySteps: z
    .int()
    .positive()
    .nullable()
    .default(null)
    .describe('Also a line after every so many steps of the run; null writes one per epoch only'),
});

/**
 * Writes one JSON object a line: `{ epoch, step, seconds, metrics }` after each epoch, and with `everySteps` also
 * `{ epoch, step, seconds, loss, learningRates }` after steps. `step` counts the steps of the whole run, `seconds` the time
 * of training in all its parts.
 *
 * A run that goes on from a checkpoint first drops the lines of steps that it is going to make again.
 */
export class JsonlCallback extends TrainerCallback {
  /** @type {History | null} null where nothing is written */
  #history = null;
  /** Seconds of training up to `#start`. */
  #secondsBefore = 0;
  /** @type {number | null} in milliseconds; null while nothing runs */
  #start = null;

  /** @param {z.input<typeof JsonlOptions>} [options] */
  constructor(options = {}) {
    super();
    this.options = JsonlOptions.parse(options);
  }

  /** @param {import('@x/trainer-core').TrainerView} trainer */
  async onRunStart(trainer) {
    const { serializationDir, isMaster, batchNumTotal } = trainer;
    this.#start = Date.now();
    if (!isMaster) return;
    if (serializationDir === null) {
      log.warn('the callback "jsonl" writes into the folder of the run, but this run has none: it writes nothing');
      return;
    }
    await mkdir(serializationDir, { recursive: true });
    this.#history = new History(join(serializationDir, this.options.file));
    await this.#history.keepUntil(batchNumTotal);
  }

  /**
   * @param {import('@x/trainer-core').TrainerView} trainer
   * @param {import('@x/trainer-core').StepEvent} event
   */
  async onStepEnd(trainer, { loss }) {
    const { everySteps } = this.options;
    if (everySteps === null || trainer.batchNumTotal % everySteps !== 0) return;
    await this.#history?.append({ ...this.#place(trainer), loss, learningRates: trainer.learningRates });
  }

  /**
   * @param {import('@x/trainer-core').TrainerView} trainer
   * @param {{ readonly metrics: import('@x/trainer-core').TrainingMetrics }} event
   */
  async onEpochEnd(trainer, { metrics }) {
    await this.#history?.append({ ...this.#place(trainer), metrics });
  }

  onRunEnd() {
    this.#secondsBefore = this.#seconds();
    this.#start = null;
  }

  stateDict() {
    return { seconds: this.#seconds() };
  }

  /** @param {import('@x/trainer-core').StateDict} state */
  loadStateDict(state) {
    this.#secondsBefore = readState(state, 'seconds', 'number');
    if (this.#start !== null) this.#start = Date.now();
  }

  #place({ epoch, batchNumTotal }) {
    return { epoch, step: batchNumTotal, seconds: this.#seconds() };
  }

  #seconds() {
    return this.#secondsBefore + (this.#start === null ? 0 : (Date.now() - this.#start) / 1000);
  }
}

TrainerCallback.register('jsonl', JsonlOptions)(JsonlCallback);
