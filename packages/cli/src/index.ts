export { ConsoleProgress, ConsoleProgressOptions } from './console-progress.js';
export type { ProgressOutput } from './console-progress.js';
export { DefaultPredictor } from './default-predictor.js';
export type { Io } from './io.js';
export { metricsTable } from './metrics-table.js';
export { default } from './plugin.js';
export { run } from './program.js';
export { loadTensorflow } from './tensorflow.js';
