import { AutoEngine } from './engine/auto-engine.js';
import { EagerEngine } from './engine/eager-engine.js';
import { modelComponents } from './model/components.js';
import type { AnyClass } from './plugins/describe.js';
import { callbackComponents } from './training/callbacks/components.js';

/** The components that this package brings besides its trainers. */
export const coreComponents: readonly AnyClass[] = [AutoEngine, EagerEngine, ...modelComponents, ...callbackComponents];
