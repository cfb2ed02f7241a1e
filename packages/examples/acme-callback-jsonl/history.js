import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';

/** A file with a JSON object in each line. */
export class History {
  /** @param {string} path */
  constructor(path) {
    this.path = path;
  }

  /** @param {object} entry */
  async append(entry) {
    await appendFile(this.path, `${JSON.stringify(entry)}\n`);
  }

  /**
   * Leaves out what was written after a step, and a last line that was cut off. A reader sees the old file or the new one.
   *
   * @param {number} lastStep
   */
  async keepUntil(lastStep) {
    const kept = (await this.lines()).filter((line) => stepOf(line) <= lastStep);
    const temporary = `${this.path}.tmp`;
    await writeFile(temporary, kept.map((line) => `${line}\n`).join(''));
    await rename(temporary, this.path);
  }

  /** @returns {Promise<string[]>} */
  async lines() {
    try {
      return (await readFile(this.path, 'utf8')).split('\n').filter((line) => line !== '');
    } catch (error) {
      if (error.code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** @param {string} line */
function stepOf(line) {
  try {
    return JSON.parse(line).step;
  } catch {
    return Infinity;
  }
}
