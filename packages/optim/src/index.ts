export { Adam, AdamOptions } from './adam.js';
export { AdamW, AdamWOptions } from './adamw.js';
export { ExponentialMovingAverage, ExponentialMovingAverageOptions } from './exponential-moving-average.js';
export { Lamb, LambOptions } from './lamb.js';
export { Lion, LionOptions } from './lion.js';
export { decayRate, learningRate, optimizerOptions } from './optimizer-options.js';
export { default } from './plugin.js';
export { Sgd, SgdOptions } from './sgd.js';
export { StochasticWeightAveraging, StochasticWeightAveragingOptions } from './stochastic-weight-averaging.js';
