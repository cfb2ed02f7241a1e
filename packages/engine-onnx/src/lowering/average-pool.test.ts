import { expectClose, lowered, onCpu, random } from './__fixtures__/against-cpu.js';
import { imageCases, volumeCases } from './__fixtures__/pooling-cases.js';
import { averagePoolLowerings } from './average-pool.js';

describe.each([
  ['AvgPool', imageCases],
  ['AvgPool3D', volumeCases],
])('%s', (kernel, cases) => {
  test.each(cases)('%s', (_, shape, attributes) => {
    const x = random(shape);
    expectClose(lowered(averagePoolLowerings[kernel]!, { x }, attributes), onCpu(kernel, { x }, attributes));
  });

  test.each(cases)('the gradient of %s', (_, shape, attributes) => {
    const input = random(shape);
    const dy = random([...onCpu(kernel, { x: input }, attributes)[0]!.shape], 2);
    // tfjs knows no rounding mode in this gradient, and leaves out the rows that one made
    const { dimRoundingMode: _mode, ...own } = attributes;
    const expected = onCpu(`${kernel}Grad`, { dy, input }, own);
    expectClose(lowered(averagePoolLowerings[`${kernel}Grad`]!, { dy, input }, own), expected);
  });
});
