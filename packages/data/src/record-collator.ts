import type { Batch, Instance } from '@x/trainer-core';

import { assemble, checkNames, fieldsOf } from './examples.js';
import type { Field } from './field.js';
import { inferField } from './field.js';
import type { FieldSettings } from './field-settings.js';

/**
 * Makes batches of records that come one after another. What a field is, is inferred from the first batch; a later one
 * that does not fit is an error that says which option to set, never a batch of another kind.
 */
export class RecordCollator {
  private fields: ReadonlyMap<string, Field> | undefined;

  constructor(private readonly settings: FieldSettings) {}

  /**
   * @param first the number of the first instance, for messages.
   * @throws DataError (`X_DATA_INVALID`) naming the instance and the field.
   */
  collate(instances: readonly Instance[], first = 0): Batch {
    const names = fieldsOf(instances, this.fields === undefined ? undefined : [...this.fields.keys()], first);
    const fields = (this.fields ??= this.infer(names, instances, first));
    const numbers = instances.map((_, i) => first + i);
    return assemble(
      [...fields].map(
        ([name, field]) =>
          () =>
            field.collate(valuesOf(name, instances), numbers),
      ),
    );
  }

  private infer(names: readonly string[], instances: readonly Instance[], first: number): ReadonlyMap<string, Field> {
    checkNames(names, this.settings, true);
    return new Map(
      names.map((name) => [name, inferField(name, valuesOf(name, instances), this.settings.of(name), first)]),
    );
  }
}

function valuesOf(name: string, instances: readonly Instance[]): unknown[] {
  return instances.map((instance) => instance[name]);
}
