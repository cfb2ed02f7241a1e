export { Graph } from './graph/graph.js';
export { INSTALL_COMMAND, ONNXRUNTIME_VERSION, OnnxRuntimeError } from './run/onnxruntime-error.js';
export { probeOnnxRuntime } from './run/probe.js';
