import 'reflect-metadata';

export { OnnxEngine, OnnxEngineOptions, OPTIMISATIONS } from './onnx-engine.js';
export { default } from './plugin.js';
export { INSTALL_COMMAND, ONNXRUNTIME_VERSION, OnnxRuntimeError } from './run/onnxruntime-error.js';
export { probeOnnxRuntime } from './run/probe.js';
