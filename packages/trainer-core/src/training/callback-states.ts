import type { Stateful } from '../state/state-dict.js';

/**
 * Those callbacks that have a state, as parts of a run: each under `callbacks.` and its class name (and a number where a
 * class is used twice).
 */
export function callbackStates(callbacks: readonly Partial<Stateful>[]): Record<string, Stateful> {
  const byKey: Record<string, Stateful> = {};
  for (const callback of callbacks) {
    if (!isStateful(callback)) continue;
    const name = `callbacks.${callback.constructor.name}`;
    let key = name;
    for (let n = 2; key in byKey; n++) key = `${name}#${n}`;
    byKey[key] = callback;
  }
  return byKey;
}

function isStateful(callback: Partial<Stateful>): callback is Stateful {
  return callback.stateDict !== undefined && callback.loadStateDict !== undefined;
}
