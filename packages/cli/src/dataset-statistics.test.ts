import { datasetStatistics } from './dataset-statistics.js';

test('a data set is its size, and what its fields hold', () => {
  const instances = [
    { words: ['a', 'b'], label: 'pos', length: 2, flag: true },
    { words: ['c'], label: 'neg', length: 1.5, flag: null, pixels: new Float32Array(4) },
    { words: [], label: 'pos', length: 2, flag: [1], pixels: new Float32Array(4) },
  ];
  expect(datasetStatistics('training data', instances)).toEqual([
    'training data: 3 examples',
    '  words   lists of 0 to 2 items',
    '  label   strings, 2 different ones',
    '  length  numbers from 1.5000 to 2',
    '  flag    boolean or list or object',
    '  pixels  lists of 4 items, missing in 1',
  ]);
});

test('an empty data set has no fields', () => {
  expect(datasetStatistics('test data', [])).toEqual(['test data: 0 examples']);
});
