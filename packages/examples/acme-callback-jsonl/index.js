import { definePlugin } from '@x/trainer-core';

import { JsonlCallback } from './jsonl-callback.js';

export { JsonlCallback };
export default definePlugin({ name: 'acme-callback-jsonl', provides: [JsonlCallback] });
