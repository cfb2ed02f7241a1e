/** Frames that are not the user's: TensorFlow.js, Node, this package and engines of ours. Tests are users. */
const OURS = /[\\/](?:@tensorflow|tfjs-[\w-]+|trainer-core|engine-\w+)[\\/](?:dist|src)[\\/]|node:|<anonymous>/;
const TEST = /\.test\.[cm]?[jt]s/;

/** Where in the user's code we are, as `at forward (model.ts:12:3)`; an empty text if nowhere. */
export function userLine(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  const frame = stack
    .split('\n')
    .slice(1)
    .find((line) => !OURS.test(line) || TEST.test(line));
  return frame?.trim() ?? '';
}
