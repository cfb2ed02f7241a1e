import { isAbsolute } from 'node:path';
import { CheckpointError } from '@x/trainer-core';
import { extract } from 'tar';

import { messageOf } from '../message-of.js';

const KINDS: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile', 'Directory']);

/**
 * Unpacks an archive into an empty folder. What it holds may come from anywhere: only files and folders inside are
 * written, a link or a path that leads out is refused.
 *
 * @throws CheckpointError (`X_CHECKPOINT_CORRUPT`).
 */
export async function extractArchive(file: string, folder: string): Promise<void> {
  const refused: string[] = [];
  const isFine = (path: string, kind: string): boolean => {
    if (isInside(path) && KINDS.has(kind)) return true;
    refused.push(`${path} (${kind})`);
    return false;
  };
  try {
    await extract({
      file,
      cwd: folder,
      strict: true,
      preserveOwner: false,
      filter: (path, entry) => isFine(path, 'type' in entry ? entry.type : 'File'),
    });
  } catch (error) {
    throw damaged(file, messageOf(error), error);
  }
  if (refused.length > 0) {
    throw damaged(file, `it holds what is neither a file nor a folder inside of it: ${refused.slice(0, 3).join(', ')}`);
  }
}

function isInside(path: string): boolean {
  return !isAbsolute(path) && !/^[a-z]:/i.test(path) && !path.split(/[/\\]/).includes('..');
}

function damaged(file: string, reason: string, cause?: unknown): CheckpointError {
  return new CheckpointError(
    'X_CHECKPOINT_CORRUPT',
    `${file} is no archive of a model, or is damaged: ${reason}; make it again from the folder of the run`,
    { cause },
  );
}
