import type { Parameter } from './parameters.js';

/** Under which names the state of a parameter stands in a {@link NamedState}. */
export class StateNames {
  readonly parameter: string;
  readonly gradient: string;
  readonly touchedRows: string;
  private readonly slots = new Map<string, string>();

  constructor(private readonly name: string) {
    this.parameter = `parameters/${name}`;
    this.gradient = `gradients/${name}`;
    this.touchedRows = `touchedRows/${name}`;
  }

  slot(slot: string): string {
    const known = this.slots.get(slot);
    if (known !== undefined) return known;
    const made = `slots/${this.name}/${slot}`;
    this.slots.set(slot, made);
    return made;
  }
}

const made = new WeakMap<Parameter, StateNames>();

/** The names of a parameter's state, made once: one that is put together in every step is hashed in every step. */
export function stateNamesOf(parameter: Parameter): StateNames {
  const known = made.get(parameter);
  if (known !== undefined) return known;
  const names = new StateNames(parameter.name);
  made.set(parameter, names);
  return names;
}
