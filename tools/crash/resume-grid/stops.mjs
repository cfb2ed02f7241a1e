import { At, Killed } from './parts.mjs';
import { EPOCHS, startRun, stepsPerEpoch, train } from './start-run.mjs';

const killed = () => {
  throw new Killed('the process is killed');
};

/** The five places where a run is stopped: what it is started with, given the number of steps in an epoch. */
export const STOPS = {
  firstStep: () => abortAfter(1),
  insideGroup: (_, { group }) =>
    group === 1
      ? { dieAt: 3 }
      : {
          callbacks: [
            new At('onMicroBatchEnd', ({ batchNumTotal }, { index }) => batchNumTotal === 2 && index === 1, killed),
          ],
        },
  epochEnd: () => ({ callbacks: [new At('onEpochStart', ({ epoch }) => epoch === 1, killed)] }),
  midEpoch: (steps) => abortAfter(steps + 2),
  lastStep: (steps) => abortAfter(EPOCHS * steps),
};

function abortAfter(step) {
  const controller = new AbortController();
  const abort = new At(
    'onStepEnd',
    ({ batchNumTotal }) => batchNumTotal === step,
    () => controller.abort(),
  );
  return { callbacks: [abort], signal: controller.signal };
}

/** Runs a combination until a stop. @returns the lines that it logged; what it saved is in the store. */
export async function runUntil(stop, combination, store) {
  const { signal, ...options } = STOPS[stop]?.(stepsPerEpoch(combination), combination) ?? abortAfter(stop);
  const { error, lines } = await train(startRun(combination, store, options), { signal });
  if (error instanceof Killed || error?.code === 'X_INTERRUPTED') return lines;
  throw new Error(`the run should have been stopped at ${stop}`, { cause: error });
}
