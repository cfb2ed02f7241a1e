import type { StateDict, Stateful } from '../state/state-dict.js';

/** The states of those callbacks that have one, keyed by class name (and a number where a class is used twice). */
export class CallbackStates implements Stateful {
  private readonly byKey: ReadonlyMap<string, Stateful>;

  constructor(callbacks: readonly Partial<Stateful>[]) {
    const byKey = new Map<string, Stateful>();
    for (const callback of callbacks) {
      if (!isStateful(callback)) continue;
      const name = callback.constructor.name;
      let key = name;
      for (let n = 2; byKey.has(key); n++) key = `${name}#${n}`;
      byKey.set(key, callback);
    }
    this.byKey = byKey;
  }

  stateDict(): StateDict {
    return Object.fromEntries([...this.byKey].map(([key, callback]) => [key, callback.stateDict()]));
  }

  loadStateDict(state: StateDict): void {
    for (const [key, callback] of this.byKey) {
      const saved = state[key];
      if (saved !== undefined) callback.loadStateDict(saved as StateDict);
    }
  }
}

function isStateful(callback: Partial<Stateful>): callback is Stateful {
  return callback.stateDict !== undefined && callback.loadStateDict !== undefined;
}
