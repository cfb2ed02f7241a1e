import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';

import { loadTensorflow } from './tensorflow.js';

// Only tfjs-core is imported in this file, so that the first test finds no backend.
describe('loadTensorflow', () => {
  let empty: string;
  beforeAll(async () => {
    empty = await mkdtemp(join(tmpdir(), 'no-tensorflow-'));
  });
  afterAll(() => rm(empty, { recursive: true }));

  it('goes on where nothing is installed', async () => {
    await loadTensorflow(empty);
    expect(tf.engine().backendNames()).toEqual([]);
  });

  it('keeps the backend that is registered, makes its first tensor silently, and leaves nothing', async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    try {
      await loadTensorflow(empty);
      expect(tf.memory().numTensors).toBe(0);
      expect(tf.env().getBool('PROD')).toBe(false);
      tf.scalar(1).dispose();
      expect(warn).not.toHaveBeenCalled();
    } finally {
      warn.mockRestore();
    }
    expect(tf.getBackend()).toBe('cpu');
  });
});
