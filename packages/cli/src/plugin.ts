import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { ConsoleProgress } from './console-progress.js';
import { DefaultPredictor } from './default-predictor.js';

const plugin: Plugin = definePlugin({ name: '@x/cli', provides: [ConsoleProgress, DefaultPredictor] });

export default plugin;
