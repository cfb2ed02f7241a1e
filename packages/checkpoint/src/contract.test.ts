import '@tensorflow/tfjs';
import { checkpointerContract } from '@x/testing';

import { DefaultCheckpointer } from './index.js';

checkpointerContract(
  { describe, it },
  { name: 'DefaultCheckpointer', make: (folder) => new DefaultCheckpointer({}, folder) },
);
checkpointerContract(
  { describe, it },
  {
    name: 'DefaultCheckpointer that also saves within epochs',
    make: (folder) => new DefaultCheckpointer({ modelSaveInterval: 0, numSerializedModelsToKeep: 1 }, folder),
  },
);
