import { comparePlaces, folderName, parseFolderName } from './position.js';

test.each([
  ['epoch_0', { epoch: 0, batchesThisEpoch: 0, attempt: 1 }],
  ['epoch_12', { epoch: 12, batchesThisEpoch: 0, attempt: 1 }],
  ['epoch_3_step_120', { epoch: 3, batchesThisEpoch: 120, attempt: 1 }],
  ['epoch_3.2', { epoch: 3, batchesThisEpoch: 0, attempt: 2 }],
  ['epoch_3_step_7.10', { epoch: 3, batchesThisEpoch: 7, attempt: 10 }],
])('%s names a place', (name, place) => {
  expect(folderName(place)).toBe(name);
  expect(parseFolderName(name)).toEqual(place);
});

test.each([
  'epoch',
  'epoch_',
  'epoch_-1',
  'epoch_01',
  'epoch_1_step_0',
  'epoch_1.1',
  'epoch_1.01',
  'my_epoch_1',
  'epoch_1.bak',
  'best',
])('%s is not one of our names', (name) => {
  expect(parseFolderName(name)).toBeUndefined();
});

test('places are ordered by epochs completed, then by steps: the end of an epoch is after its steps', () => {
  const inOrder = [
    'epoch_1',
    'epoch_2_step_3',
    'epoch_2_step_20',
    'epoch_2',
    'epoch_2.2',
    'epoch_3_step_1',
    'epoch_9',
    'epoch_10',
  ];
  const shuffled = [5, 2, 7, 0, 3, 6, 1, 4].map((i) => inOrder[i]!);
  const sorted = shuffled.map((name) => parseFolderName(name)!).sort(comparePlaces);
  expect(sorted.map(folderName)).toEqual(inOrder);
});
