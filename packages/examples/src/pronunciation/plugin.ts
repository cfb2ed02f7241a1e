import { definePlugin } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

import { Pronunciations } from './reader.js';
import { LetterTagger } from './tagger.js';

const pronunciation: Plugin = definePlugin({
  name: '@x/examples/pronunciation',
  provides: [LetterTagger, Pronunciations],
});
export default pronunciation;
