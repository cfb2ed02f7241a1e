import { z } from 'zod';

import { Initializer } from '../contracts/initializer.js';
import { RunContainer } from './container.js';
import { parseComponent } from './parse-component.js';
import { definePlugin } from './plugin.js';
import { Registry } from './registry.js';

@Initializer.register('normal', z.strictObject({ stdDev: z.number().default(1) }))
class Normal extends Initializer {
  constructor(readonly options: { readonly stdDev: number }) {
    super();
  }

  create(): never {
    throw new Error('never called');
  }
}

const registry = new Registry([definePlugin({ name: 'acme', provides: [Normal] })]);

test('a component is checked, then built', () => {
  const part = parseComponent(Initializer, { type: 'normal', std_dev: 2 }, registry);
  expect(new RunContainer(registry).build(part)).toMatchObject({ options: { stdDev: 2 } });
});

test('every problem has its place', () => {
  expect(() => parseComponent(Initializer, { type: 'normal', stdDev: '2', mean: 0 }, registry, 'model.init')).toThrow(
    expect.objectContaining({
      name: 'ConfigError',
      problems: [
        { code: 'X_CONFIG_WRONG_TYPE', path: 'model.init.stdDev', message: 'expected number, received string "2"' },
        {
          code: 'X_CONFIG_UNKNOWN_KEY',
          path: 'model.init.mean',
          message: 'unknown key "mean"; the initializer "normal" takes stdDev',
        },
      ],
    }),
  );
});
