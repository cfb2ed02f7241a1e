import { messageOf } from '../config/show.js';
import type { TensorboardWriter } from '../contracts/tensorboard-writer.js';
import { log } from '../log.js';
import type { RunParts } from './run-parts.js';

/** Tells everybody, and closes what is open. What fails here is logged: the error that ended the run is the one to know. */
export async function endFailedRun(
  error: unknown,
  { hooks, checkpoints }: Pick<RunParts, 'hooks' | 'checkpoints'>,
  tensorboard: TensorboardWriter,
): Promise<void> {
  const unlessFails = async (what: string, act: () => Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (another) {
      if (another !== error) log.warn(`${what}: ${messageOf(another)}`);
    }
  };
  await unlessFails('a callback failed in onError', () => hooks.fireAll('onError', { error }));
  await unlessFails('the last checkpoint could not be finished', () => checkpoints.flush());
  await unlessFails('the logs could not be closed', () => tensorboard.close());
  await unlessFails('a callback failed in onRunEnd', () => hooks.fireAll('onRunEnd', { metrics: null }));
}
