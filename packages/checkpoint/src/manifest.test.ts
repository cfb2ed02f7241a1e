import { createHash } from 'node:crypto';

import { decodeManifest, encodeManifest } from './manifest.js';

const manifest = {
  position: { epoch: 3, batchesThisEpoch: 0, batchNumTotal: 400 },
  savedAt: 1600000000123.5,
  startedAt: 1600000000000,
  best: true,
  metrics: { loss: 0.25 },
  files: { 'model_state.safetensors': { bytes: 3, sha256: 'ba7816bf' } },
};

test('a manifest comes back', () => {
  expect(decodeManifest(encodeManifest(manifest), 'manifest.json')).toEqual(manifest);
});

test('no flipped bit changes what a manifest says', () => {
  const bytes = encodeManifest(manifest);
  let noticed = 0;
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    try {
      // white space between JSON tokens may change without a change of meaning
      expect(decodeManifest(flipped, 'm')).toEqual(manifest);
    } catch (error) {
      expect(error).toMatchObject({ code: 'X_CHECKPOINT_CORRUPT' });
      noticed += 1;
    }
  }
  expect(noticed / (bytes.length * 8)).toBeGreaterThan(0.9);
});

test('no cut goes unnoticed', () => {
  const bytes = encodeManifest(manifest);
  for (let length = 0; length < bytes.length - 1; length += 1) {
    expect(() => decodeManifest(bytes.subarray(0, length), 'runs/manifest.json')).toThrow(
      'runs/manifest.json is not a valid checkpoint manifest: it is not JSON',
    );
  }
});

/** A manifest as it is written, with a correct checksum. */
function written(contents: object): Uint8Array {
  const sha256 = createHash('sha256').update(JSON.stringify(contents)).digest('hex');
  return new TextEncoder().encode(JSON.stringify({ ...contents, sha256 }));
}

test('a manifest of version 1 marks no checkpoint as the best one', () => {
  const { best: _, metrics: __, ...old } = manifest;
  const bytes = written({ format: 'x-checkpoint', version: 1, ...old });
  expect(decodeManifest(bytes, 'manifest.json')).toEqual({ ...old, best: false, metrics: {} });
});

test('a manifest of a newer release is refused by its version, and is no damage that an older checkpoint makes good', () => {
  const bytes = written({ format: 'x-checkpoint', version: 3, ...manifest });
  expect(() => decodeManifest(bytes, 'epoch_1/manifest.json')).toThrow(
    expect.objectContaining({
      code: 'X_CHECKPOINT',
      message: expect.stringContaining(
        'epoch_1/manifest.json has format version 3, this release reads versions 1 to 2',
      ) as string,
    }),
  );
});
