import * as tf from '@tensorflow/tfjs-core';

import type { MemoryReport } from '../contracts/engine.js';

/** The memory of an engine that has none on devices. */
export function hostMemory(): MemoryReport {
  return { hostBytes: process.memoryUsage.rss(), deviceBytes: {}, tensors: tf.memory().numTensors };
}
