export { default } from './plugin.js';
export { CheckpointerOptions, Clock, DefaultCheckpointer } from './default-checkpointer.js';
export { LocalStore, LocalStoreOptions } from './local-store.js';
export { nodeFileSystem, TheFileSystem } from './file-system.js';
export type { FileSystem, FolderEntry, OpenFile } from './file-system.js';
export { expired } from './retention.js';
export type { RetentionRule } from './retention.js';
export { decodeSafetensors, encodeSafetensors } from './safetensors.js';
export { readWeights, writeWeights } from './weights.js';
