import { definePlugin } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

import { OnnxEngine } from './onnx-engine.js';

const plugin: Plugin = definePlugin({ name: '@x/engine-onnx', provides: [OnnxEngine] });
export default plugin;
