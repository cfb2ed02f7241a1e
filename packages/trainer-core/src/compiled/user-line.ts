import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files of this package, so that its own frames are told from those of a user whose folder has the same name. */
const HERE = dirname(dirname(fileURLToPath(import.meta.url)));
const LIBRARY = /[\\/](?:@tensorflow|tslib|tfjs-(?:core|layers|converter|backend-\w+)[\\/](?:src|dist))[\\/]|^node:/;
const TEST = /\.test\.[cm]?[jt]s$/;
/** A program is run from here: whoever called this is not in the step. */
const OUTERMOST = /[\\/](?:trace-program|eager-engine)\.[cm]?[jt]s$/;
const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/|node:|[\\/]|[A-Za-z]:[\\/]|\.\.?[\\/]).*?):(\d+):(\d+)\)?$/;

/** Where in the user's code we are, as `src/model.ts:12:3`, relative to the working directory; an empty text if nowhere. */
export function userLine(): string {
  return userLineOf(withDeepStacks(() => new Error()).stack ?? '');
}

/** Runs something synchronous whose errors shall have the user in their stacks: ten frames of Node's are all of tfjs's. */
export function withDeepStacks<R>(run: () => R): R {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 200;
  try {
    return run();
  } finally {
    Error.stackTraceLimit = limit;
  }
}

/** The same for the stack of an error. */
export function userLineOf(stack: string): string {
  const frames = stack.split('\n').flatMap((line) => {
    const [, file, row, column] = FRAME.exec(line) ?? [];
    if (file === undefined) return [];
    return [{ file: file.startsWith('file:') ? fileURLToPath(file) : file, at: `${row}:${column}` }];
  });
  const outermost = frames.findLastIndex(({ file }) => OUTERMOST.test(file) && isOurs(file));
  const inStep = outermost < 0 ? frames : frames.slice(0, outermost);
  const frame = inStep.find(({ file }) => !LIBRARY.test(file) && !isOurs(file));
  return frame === undefined ? '' : `${shown(frame.file)}:${frame.at}`;
}

/** Tests are users. */
function isOurs(file: string): boolean {
  return file.startsWith(HERE + sep) && !TEST.test(file);
}

function shown(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') || path === '' ? file : path;
}
