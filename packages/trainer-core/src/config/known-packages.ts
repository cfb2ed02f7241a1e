/** Where the extension points' usual implementations are: what advice about an unknown name may point to. */
export const KNOWN_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  engine: ['@x/engine-onnx'],
  optimizer: ['@x/optim'],
  movingAverage: ['@x/optim'],
  learningRateScheduler: ['@x/schedulers'],
  momentumScheduler: ['@x/schedulers'],
  checkpointer: ['@x/checkpoint'],
  checkpointStore: ['@x/checkpoint'],
  initializer: ['@x/checkpoint'],
  tensorboardWriter: ['@x/callbacks-tensorboard'],
  batchCallback: ['@x/callbacks-tensorboard'],
  dataLoader: ['@x/data'],
  datasetReader: ['@x/data'],
  sampler: ['@x/data'],
  batchSampler: ['@x/data'],
  vocabulary: ['@x/data'],
  metric: ['@x/metrics'],
};
