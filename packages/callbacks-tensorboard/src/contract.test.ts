import '@tensorflow/tfjs';
import { EagerEngine } from '@x/trainer-core';
import { batchCallbackContract } from '@x/testing';

import { DefaultTensorboardWriter, TensorboardBatchMemoryUsage } from './index.js';

batchCallbackContract(
  { describe, it },
  {
    name: 'TensorboardBatchMemoryUsage',
    make: (folder) => new TensorboardBatchMemoryUsage(new EagerEngine(), new DefaultTensorboardWriter({}, folder)),
  },
);
