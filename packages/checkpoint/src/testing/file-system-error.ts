const TEXTS = {
  EACCES: 'permission denied',
  EIO: 'i/o error',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
  EEXIST: 'file already exists',
  EISDIR: 'illegal operation on a directory',
  EROFS: 'read-only file system',
} as const;

export type ErrorCode = keyof typeof TEXTS;

/** An error as Node's file system throws it. */
export function fileSystemError(code: ErrorCode, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${TEXTS[code]}, '${path}'`), { code, path });
}
