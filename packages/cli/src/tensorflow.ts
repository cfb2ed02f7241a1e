import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';

/** What makes tfjs-core able to train: all of it, or the layers (gradients) with the plain backend. */
const CHOICES = [['@tensorflow/tfjs'], ['@tensorflow/tfjs-layers', '@tensorflow/tfjs-backend-cpu']] as const;

/**
 * Loads TensorFlow.js as it is installed beside a config, unless a backend is registered already. Where nothing is
 * installed it does nothing: the engine's own message says what to install.
 *
 * @param fromDir the folder that packages are looked up from.
 */
export async function loadTensorflow(fromDir: string): Promise<void> {
  if (!(await hasBackend())) await loadFirst(createRequire(resolve(fromDir, '_.js')));
  if (await hasBackend()) makeFirstTensor();
}

async function loadFirst(require: NodeJS.Require): Promise<void> {
  for (const names of CHOICES) {
    const files = names.map((name) => resolveOrNull(require, name));
    if (files.includes(null)) continue;
    for (const file of files) await import(pathToFileURL(file!).href);
    return;
  }
}

function resolveOrNull(require: NodeJS.Require, name: string): string | null {
  try {
    return require.resolve(name);
  } catch {
    return null;
  }
}

async function hasBackend(): Promise<boolean> {
  try {
    await tf.ready();
    return true;
  } catch {
    return false;
  }
}

/** At its first tensor the cpu backend advises, in the name of TensorFlow, to install tfjs-node; not in production mode. */
function makeFirstTensor(): void {
  const production = tf.env().getBool('PROD');
  tf.env().set('PROD', true);
  try {
    tf.scalar(0).dispose();
  } finally {
    tf.env().set('PROD', production);
  }
}
