import { TrainerError } from '../errors.js';

/** The first versions of the lines of Node that work, and the line from which all do. */
const MINIMUM: Readonly<Record<number, number>> = { 20: 19, 22: 12 };
const FROM = 24;

/** @throws TrainerError (`X_NODE_VERSION`) if this Node is too old (or an odd release between two lines). */
export function checkNodeVersion(version: string = process.version): void {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const minimum = MINIMUM[major];
  if (major >= FROM || (minimum !== undefined && minor >= minimum)) return;
  throw new TrainerError(
    'X_NODE_VERSION',
    `Node ${version} cannot run this; expected 20.19 or newer in the line 20, 22.12 or newer in the line 22, or ${FROM} and newer`,
  );
}
