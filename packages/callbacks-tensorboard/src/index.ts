export { default } from './plugin.js';
export { DefaultTensorboardWriter, TensorboardWriterOptions } from './default-tensorboard-writer.js';
export {
  TensorboardBatchMemoryUsage,
  // the original's spelling
  TensorboardBatchMemoryUsage as TensoboardBatchMemoryUsage,
} from './tensorboard-batch-memory-usage.js';
export { EventFile, eventFilesIn, readEvents } from './event-file.js';
export { histogramOf } from './histogram.js';
export type { Event, Histogram, SummaryValue } from './messages.js';
