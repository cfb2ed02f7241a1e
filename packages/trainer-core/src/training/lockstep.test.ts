import { inLockstep } from './lockstep.js';
import { SingleProcess } from './neutral.js';

/** Others go on for so many items, or the connection breaks. */
class Others extends SingleProcess {
  private asked = 0;

  constructor(
    private readonly count: number,
    private readonly breaksAt = Number.POSITIVE_INFINITY,
  ) {
    super();
  }

  override async allContinue(goesOn: boolean): Promise<boolean> {
    this.asked += 1;
    if (this.asked === this.breaksAt) throw new RangeError('connection lost');
    return goesOn && this.asked <= this.count;
  }
}

let closed = 0;
let freed: number[] = [];
beforeEach(() => {
  closed = 0;
  freed = [];
});

async function* items(): AsyncGenerator<number> {
  try {
    yield* [1, 2, 3];
  } finally {
    closed += 1;
  }
}

const walk = (others: Others): AsyncGenerator<number> => inLockstep(items(), others, (item) => void freed.push(item));

async function all(sequence: AsyncIterable<number>): Promise<number[]> {
  const seen: number[] = [];
  for await (const item of sequence) seen.push(item);
  return seen;
}

it('gives everything where the others have as much', async () => {
  expect(await all(walk(new Others(9)))).toEqual([1, 2, 3]);
  expect(freed).toEqual([]);
  expect(closed).toBe(1);
});

it('ends when another worker runs out: the item that was ready is freed, and the source closed', async () => {
  expect(await all(walk(new Others(1)))).toEqual([1]);
  expect(freed).toEqual([2]);
  expect(closed).toBe(1);
});

it('frees the item that was ready when the others cannot be asked', async () => {
  await expect(all(walk(new Others(9, 2)))).rejects.toThrow('connection lost');
  expect(freed).toEqual([2]);
  expect(closed).toBe(1);
});

it('closes the source when the reader stops', async () => {
  for await (const item of walk(new Others(9))) if (item === 2) break;
  expect(freed).toEqual([]);
  expect(closed).toBe(1);
});
