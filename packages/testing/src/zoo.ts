export { modelZoo } from './zoo/model-zoo.js';
export type { ZooEntry, ZooModel } from './zoo/zoo-entry.js';
export { trainSteps } from './zoo/train-steps.js';
export type { TrainedSteps, TrainStepsOptions, Weights } from './zoo/train-steps.js';
export { layersEntry } from './zoo/layers-entry.js';
export type { LayersEntryOptions } from './zoo/layers-entry.js';
export { SeededLayers } from './zoo/seeded-layers.js';
export { transformer, transformerModel } from './zoo/transformers.js';
export type { TransformerSizes } from './zoo/transformers.js';
