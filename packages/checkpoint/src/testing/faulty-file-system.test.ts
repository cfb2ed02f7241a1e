import { FaultyFileSystem } from './faulty-file-system.js';
import type { Fault } from './faulty-file-system.js';
import { ModelFileSystem } from './model-file-system.js';

/** Writes a file, which takes three calls, and looks at it; returns the code of every call that failed. */
async function failuresOf(files: FaultyFileSystem): Promise<string[]> {
  const codes: string[] = [];
  const noted = async <T>(call: () => Promise<T>): Promise<T | null> => {
    try {
      return await call();
    } catch (error) {
      codes.push(`${(error as NodeJS.ErrnoException).code}`);
      return null;
    }
  };
  const file = await noted(() => files.open('/file', 'w'));
  if (file === null) return codes;
  await noted(() => file.write(new Uint8Array(8)));
  await noted(() => file.close());
  await noted(() => files.read('/file'));
  return codes;
}

const faulty = (inner: ModelFileSystem, fault: Fault | null): FaultyFileSystem => new FaultyFileSystem(inner, fault);

test('without a fault it counts', async () => {
  const files = faulty(new ModelFileSystem(), null);
  expect(await failuresOf(files)).toEqual([]);
  expect([files.calls, files.failures]).toEqual([4, 0]);
});

test('a transient fault is one call, of which a write leaves half', async () => {
  const inner = new ModelFileSystem();
  const files = faulty(inner, { call: 2, code: 'ENOSPC', persistent: false });
  expect(await failuresOf(files)).toEqual(['ENOSPC']);
  expect([files.calls, files.failures]).toEqual([4, 1]);
  expect(await inner.read('/file')).toHaveLength(4);
});

test('a persistent fault is every call from then on', async () => {
  const files = faulty(new ModelFileSystem(), { call: 3, code: 'EIO', persistent: true });
  expect(await failuresOf(files)).toEqual(['EIO', 'EIO']);
  await expect(files.list('/')).rejects.toThrow("EIO: i/o error, '/'");
  expect(files.failures).toBe(3);
});

test('what fails does not happen', async () => {
  const inner = new ModelFileSystem();
  expect(await failuresOf(faulty(inner, { call: 1, code: 'EROFS', persistent: false }))).toEqual(['EROFS']);
  expect(inner.paths()).toEqual([]);
});
