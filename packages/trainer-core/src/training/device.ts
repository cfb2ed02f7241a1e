import type { Engine } from '../contracts/engine.js';
import { ConfigError } from '../errors.js';

/** Why a device cannot be used by an engine, or null. A negative number is the CPU. */
export function deviceProblem(device: number, engine: Engine): ConfigError | null {
  if (device < 0 || engine.supportsDevice(device)) return null;
  return ConfigError.of(
    'X_DEVICE',
    'trainer.cudaDevice',
    `device ${device} was asked for, but the engine "${engine.name}" has no such device; GPUs are in the package ` +
      '@x/engine-tensorflow, and -1 trains on the CPU',
  );
}
