// What the ONNX engine says about ONNX Runtime, as JSON.
import { probeOnnxRuntime } from '@x/engine-onnx';

console.log(JSON.stringify(probeOnnxRuntime()));
