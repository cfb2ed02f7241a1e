import type { Engine, EngineDescription } from '../contracts/engine.js';
import { readState } from '../state/state-dict.js';
import type { StateDict, Stateful } from '../state/state-dict.js';

/** What an engine's future choices depend on, as the checkpoints of a run hold it: another engine begins anew. */
export class RecordedEngine implements Stateful {
  constructor(private readonly engine: Engine) {}

  stateDict(): StateDict {
    return { name: this.engine.describe().name, choices: this.engine.stateDict() };
  }

  loadStateDict(saved: StateDict): void {
    if (readState(saved, 'name', 'string') !== this.engine.describe().name) return;
    this.engine.loadStateDict(readState(saved, 'choices', 'object'));
  }
}

/** All about an engine but its name: `1.30.0, threads 2`. */
export function choicesOf({ name: _, version, ...choices }: EngineDescription): string {
  const rest = Object.entries(choices).map(([choice, value]) => `${choice} ${JSON.stringify(value)}`);
  return [version, ...rest].join(', ');
}
