import 'reflect-metadata';

import { definePlugin } from './plugins/plugin.js';
import type { Plugin } from './plugins/plugin.js';
import { LayersModelComponent } from './layers/layers-model-component.js';

export type { CompileLoss, CompileMetrics } from './layers/compiled.js';
export type { DatasetLike } from './layers/dataset-loader.js';
export { loadLayersModel, saveLayersModel } from './layers/files.js';
export { fit } from './layers/fit.js';
export type { FitData, FitOptions, FitTensors, FitTrainerOptions } from './layers/fit.js';
export type { FitCallback, FitHistory, FitLogs } from './layers/fit-callbacks.js';
export { fromLayersModel, LayersModelAdapter } from './layers/layers-model.js';
export type { LayersModelOptions } from './layers/layers-model.js';
export { LayersModelComponent, LayersModelConfig } from './layers/layers-model-component.js';

const plugin: Plugin = definePlugin({ name: '@x/trainer-core/layers', provides: [LayersModelComponent] });
export default plugin;
