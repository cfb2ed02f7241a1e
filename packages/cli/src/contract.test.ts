import '@tensorflow/tfjs';
import { trainerCallbackContract } from '@x/testing';

import { ConsoleProgress } from './console-progress.js';

const silent = { write: () => true };

trainerCallbackContract({ describe, it }, { name: 'ConsoleProgress', make: () => new ConsoleProgress({}, silent) });
