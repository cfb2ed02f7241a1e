import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { DefaultCheckpointer } from './default-checkpointer.js';
import { LocalStore } from './local-store.js';

const plugin: Plugin = definePlugin({ name: '@x/checkpoint', provides: [DefaultCheckpointer, LocalStore] });

export default plugin;
