import type { Plugin } from '@x/trainer-core';
import { definePlugin } from '@x/trainer-core';

import { DefaultCheckpointer } from './default-checkpointer.js';
import { LocalStore } from './local-store.js';
import { PretrainedInitializer } from './pretrained-initializer.js';
import { S3Store } from './s3/s3-store.js';

const plugin: Plugin = definePlugin({
  name: '@x/checkpoint',
  provides: [DefaultCheckpointer, LocalStore, PretrainedInitializer, S3Store],
});

export default plugin;
