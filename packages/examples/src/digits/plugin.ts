import { definePlugin } from '@x/trainer-core';
import type { Plugin } from '@x/trainer-core';

import { DigitClassifier } from './classifier.js';
import { MnistDigits } from './reader.js';

const digits: Plugin = definePlugin({ name: '@x/examples/digits', provides: [DigitClassifier, MnistDigits] });
export default digits;
