import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readConfig } from './read-config.js';

const PROGRAM = 'local n = 3; { trainer: { numEpochs: n }, seed: std.extVar("SEED") }';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'jsonnet-'));
  await writeFile(join(folder, 'run.jsonnet'), PROGRAM);
});
afterEach(async () => {
  jest.resetModules();
  await rm(folder, { recursive: true });
});

/** Stands for the optional package: knows the one program, and fails as the real one does. */
class Interpreter {
  private readonly variables: Record<string, string> = {};

  extString(name: string, value: string): this {
    this.variables[name] = value;
    return this;
  }

  evaluateFile(path: string): Promise<string> {
    const seed = this.variables['SEED'];
    if (seed !== undefined) return Promise.resolve(JSON.stringify({ trainer: { numEpochs: 3 }, seed }));
    return Promise.reject(new Error(`RUNTIME ERROR: undefined external variable: SEED\n\t${path}:1:49-67\n`));
  }
}

test('without the optional package, a program is refused with what to install', async () => {
  jest.doMock(
    '@hanazuki/node-jsonnet',
    () => {
      throw new Error("Cannot find module '@hanazuki/node-jsonnet'");
    },
    { virtual: true },
  );
  await expect(readConfig(join(folder, 'run.jsonnet'))).rejects.toMatchObject({
    name: 'ConfigError',
    code: 'X_CONFIG_FILE',
    message: expect.stringMatching(/npm install @hanazuki\/node-jsonnet, or turn the program into JSON first/),
  });
});

describe('with the optional package', () => {
  beforeEach(() => {
    jest.doMock('@hanazuki/node-jsonnet', () => ({ Jsonnet: Interpreter }), { virtual: true });
  });
  afterEach(() => {
    jest.dontMock('@hanazuki/node-jsonnet');
  });

  test('a program is evaluated with the variables', async () => {
    expect(await readConfig(join(folder, 'run.jsonnet'), { SEED: '17', HOME: undefined })).toEqual({
      trainer: { numEpochs: 3 },
      seed: '17',
    });
  });

  test('its errors are those of the file', async () => {
    await expect(readConfig(join(folder, 'run.jsonnet'), {})).rejects.toMatchObject({
      code: 'X_CONFIG_FILE',
      message: expect.stringContaining('cannot be parsed: RUNTIME ERROR: undefined external variable: SEED'),
    });
  });
});
