import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';

import { engineContract } from '@x/testing';

import { OnnxEngine } from './onnx-engine.js';

engineContract({ describe, it }, { name: 'OnnxEngine', make: () => new OnnxEngine({ onFailure: 'error' }) });
