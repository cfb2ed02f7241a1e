import { isDeepStrictEqual } from 'node:util';

import type { Engine, EngineDescription } from '../contracts/engine.js';
import { log } from '../log.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** The engine of a run as its checkpoints record it: what it was, and what its choices depend on. */
export class RecordedEngine implements Stateful {
  constructor(private readonly engine: Engine) {}

  stateDict(): StateDict {
    return { description: this.engine.describe(), state: this.engine.stateDict() };
  }

  /** Goes on with another engine too, and says so: its state begins anew unless it has the same name. */
  loadStateDict(saved: StateDict): void {
    const before = readState(saved, 'description', 'object') as EngineDescription;
    const now = this.engine.describe();
    if (!isDeepStrictEqual(before, now)) {
      log.warn(
        `the run was on the engine ${inWords(before)} and goes on with ${inWords(now)}: ` +
          'its numbers may differ in their last bits from those of a run that was not stopped',
      );
    }
    if (before.name === now.name) this.engine.loadStateDict(readState(saved, 'state', 'object'));
  }
}

/** All about an engine but its name: `1.30.0, threads 2`. */
export function choicesOf({ name: _, version, ...choices }: EngineDescription): string {
  const rest = Object.entries(choices).map(([choice, value]) => `${choice} ${JSON.stringify(value)}`);
  return [version, ...rest].join(', ');
}

function inWords(description: EngineDescription): string {
  return `"${description.name}" (${choicesOf(description)})`;
}
