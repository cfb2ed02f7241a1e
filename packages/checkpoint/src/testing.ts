/** File systems for tests of what stores checkpoints: one whose calls fail, and one that forgets what was not synced. */
export { FaultyFileSystem } from './testing/faulty-file-system.js';
export type { Fault } from './testing/faulty-file-system.js';
export { ModelFileSystem } from './testing/model-file-system.js';
export type { Fate, Survival } from './testing/model-file-system.js';
export type { Change, Entry, NodeId } from './testing/disk.js';
export {
  allDropped,
  allKept,
  dataBeforeNames,
  fates,
  namesBeforeData,
  randomFate,
  zeroedData,
} from './testing/fates.js';
