import { ConfigError } from '../errors.js';
import { messageOf } from './show.js';

/** An optional package, because it compiles Google's interpreter when it is installed. */
const PACKAGE = '@hanazuki/node-jsonnet';

/** What is used of it. */
interface JsonnetModule {
  readonly Jsonnet: new () => Interpreter;
}
interface Interpreter {
  extString(name: string, value: string): Interpreter;
  evaluateFile(path: string): Promise<string>;
}

/** Strings by name: the process's environment, or one like it. */
export type Variables = Readonly<Record<string, string | undefined>>;

/**
 * What a Jsonnet file evaluates to. `std.extVar(NAME)` is the variable of that name.
 *
 * @throws ConfigError (`X_CONFIG_FILE`) if the optional package `@hanazuki/node-jsonnet` is not installed; what it says of
 * a faulty program.
 */
export async function evaluateJsonnet(path: string, variables: Variables): Promise<unknown> {
  const { Jsonnet } = await loadInterpreter(path);
  const interpreter = new Jsonnet();
  for (const [name, value] of Object.entries(variables)) {
    if (value !== undefined) interpreter.extString(name, value);
  }
  return JSON.parse(await interpreter.evaluateFile(path)) as unknown;
}

async function loadInterpreter(path: string): Promise<JsonnetModule> {
  try {
    // by a variable, so that nobody needs the package to compile
    return (await import(PACKAGE)) as JsonnetModule;
  } catch (error) {
    const message =
      `the file is a Jsonnet program, which ${PACKAGE} evaluates, and that cannot be loaded (${messageOf(error).split('\n')[0]}): ` +
      `npm install ${PACKAGE}, or turn the program into JSON first: jsonnet FILE > FILE.json`;
    throw new ConfigError([{ code: 'X_CONFIG_FILE', path: '', message }], path, { cause: error });
  }
}
