import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import { batchNormLowerings } from './batch-norm.js';

const x = random([3, 5, 4, 6]);
const perChannel = {
  mean: random([6], 2),
  variance: random([6], 3, 0.1, 2),
  scale: random([6], 4),
  offset: random([6], 5),
};
const { scale, offset, ...moments } = perChannel;

test.each([
  ['moments, scale and offset', { x, ...perChannel }, { varianceEpsilon: 0.01 }],
  ['no scale', { x, ...moments, offset }, { varianceEpsilon: 0.01 }],
  ['no offset', { x, ...moments, scale }, { varianceEpsilon: 0.01 }],
  ['moments alone', { x, ...moments }, { varianceEpsilon: 0.01 }],
  ["tfjs's default of epsilon", { x, ...perChannel }, {}],
  [
    'moments as large as x',
    { x, mean: random([3, 5, 4, 6], 2), variance: random([3, 5, 4, 6], 3, 0.1, 2) },
    { varianceEpsilon: 0.01 },
  ],
])('FusedBatchNorm: %s', (_, inputs, attributes) => {
  const expected = onCpu('FusedBatchNorm', inputs, attributes);
  expectClose(lowered(batchNormLowerings['FusedBatchNorm']!, inputs, attributes), expected);
});
