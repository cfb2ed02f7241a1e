import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { DefaultTensorboardWriter } from './default-tensorboard-writer.js';
import { TensorboardBatchMemoryUsage } from './tensorboard-batch-memory-usage.js';

const plugin: Plugin = definePlugin({
  name: '@x/callbacks-tensorboard',
  provides: [DefaultTensorboardWriter, TensorboardBatchMemoryUsage],
});

export default plugin;
