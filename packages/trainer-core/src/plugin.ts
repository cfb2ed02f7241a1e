import { coreComponents } from './core-components.js';
import { definePlugin } from './plugins/plugin.js';
import type { Plugin } from './plugins/plugin.js';
import { GradientDescentTrainer } from './training/gradient-descent-trainer.js';
import { NoOpTrainer } from './training/no-op-trainer.js';

/** What is available in every run without being listed. */
export const corePlugin: Plugin = definePlugin({
  name: '@x/trainer-core',
  provides: [...coreComponents, GradientDescentTrainer, NoOpTrainer],
});
