import { expired } from './retention.js';
import type { RetentionRule } from './retention.js';

const second = 1000;

/** Names of what goes of checkpoints that were saved at these seconds, in training that began at second 0. */
function gone(times: number[], newest: number | null, everySeconds: number | null): number[] {
  const history = times.map((time) => ({ time, savedAt: time * second }));
  return expired(history, { newest, maxAgeSeconds: null, everySeconds }, { startedAt: 0, now: Infinity }).map(
    ({ time }) => time,
  );
}

test.each([
  { times: [10, 20, 30, 40], newest: 2, every: null, gone: [10, 20], why: 'all but the newest two' },
  { times: [10, 20], newest: 2, every: null, gone: [], why: 'nothing while there are not more' },
  { times: [10, 20, 30], newest: null, every: null, gone: [], why: 'nothing when all are kept' },
  { times: [10, 20, 30], newest: 0, every: null, gone: [10, 20, 30], why: 'everything when none is kept' },
  { times: [], newest: 0, every: 5, gone: [], why: 'nothing of nothing' },
  {
    times: [10, 20, 30, 40, 50, 60],
    newest: 1,
    every: 25,
    gone: [10, 20, 40, 50],
    why: 'not the first after each 25 s',
  },
  {
    times: [10, 20, 30, 40],
    newest: 1,
    every: 10,
    gone: [10, 30],
    why: 'those exactly 10 s apart: more must have passed',
  },
  { times: [30, 60, 90], newest: 0, every: 25, gone: [], why: 'not the permanent ones, even when none else is kept' },
])('lets go $why', ({ times, newest, every, gone: expected }) => {
  expect(gone(times, newest, every)).toEqual(expected);
});

test.each([
  { newest: 1, age: 20, gone: [10, 20], why: 'those that are neither among the newest nor young enough' },
  { newest: null, age: 20, gone: [10, 20], why: 'the old ones alone where no number is kept' },
  { newest: 3, age: 0, gone: [10], why: 'as many as ever if age keeps none' },
  { newest: 0, age: 30, gone: [10], why: 'those that are more than exactly so old' },
])('with an age, at second 50, lets go $why', ({ newest, age, gone: expected }) => {
  const history = [10, 20, 30, 40].map((time) => ({ time, savedAt: time * second }));
  const times = { startedAt: 0, now: 50 * second };
  const go = expired(history, { newest, maxAgeSeconds: age, everySeconds: null }, times);
  expect(go.map(({ time }) => time)).toEqual(expected);
});

/** The original's rule as it is written there: a queue, from which every save pops at most one. */
function originalQueue(times: number[], newest: number, everySeconds: number | null): number[] {
  const queue: number[] = [];
  const deleted: number[] = [];
  let lastPermanent = 0;
  for (const time of times) {
    queue.push(time);
    if (queue.length <= newest) continue;
    const oldest = queue.shift()!;
    if (everySeconds !== null && oldest - lastPermanent > everySeconds) lastPermanent = oldest;
    else deleted.push(oldest);
  }
  return deleted;
}

/** A small generator, so that a failure can be repeated. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; state = (state * 1103515245 + 12345) % 2 ** 31) yield state / 2 ** 31;
}

test('500 random histories, restarted at any moment, go as in one process of the original', () => {
  const random = numbers(7);
  const below = (n: number): number => Math.floor(random.next().value * n);
  let deletions = 0;
  for (let round = 0; round < 500; round += 1) {
    const newest = below(4);
    const every = below(3) === 0 ? null : below(30);
    let time = 0;
    const times = Array.from({ length: 1 + below(20) }, () => (time += below(15)));
    // every save starts from what is left on disk and nothing else
    let onDisk: { id: number; savedAt: number }[] = [];
    const deleted: number[] = [];
    times.forEach((savedAt, id) => {
      onDisk.push({ id, savedAt: savedAt * second });
      const rule = { newest, maxAgeSeconds: null, everySeconds: every };
      const go = expired(onDisk, rule, { startedAt: 0, now: 0 });
      deleted.push(...go.map((entry) => entry.savedAt / second));
      onDisk = onDisk.filter((entry) => !go.includes(entry));
      expect(expired(onDisk, rule, { startedAt: 0, now: 0 })).toEqual([]);
    });
    expect(deleted).toEqual(originalQueue(times, newest, every));
    deletions += deleted.length;
  }
  expect(deletions).toBeGreaterThan(1000);
});

describe('random histories', () => {
  let random: Generator<number, never>;
  beforeEach(() => (random = numbers(11)));
  const next = (): number => random.next().value;
  const keep = (probability: number, value: () => number): number | null => (next() < probability ? null : value());
  const upTo = (most: number): number => 1 + Math.floor(next() * most);

  function randomRule(): RetentionRule {
    return {
      newest: keep(0.2, () => upTo(5) - 1),
      maxAgeSeconds: keep(0.5, () => upTo(60)),
      everySeconds: keep(0.5, () => upTo(60)),
      everyEpochs: keep(0.5, () => upTo(4)),
      everySteps: keep(0.5, () => upTo(30)),
      best: next() < 0.5 ? null : { metric: 'loss', shouldDecrease: next() < 0.5, count: upTo(3) },
    };
  }

  interface Entry {
    readonly savedAt: number;
    readonly position: { epoch: number; batchesThisEpoch: number; batchNumTotal: number };
    readonly metrics: Record<string, number>;
  }

  function randomHistory(): Entry[] {
    let savedAt = 0;
    return Array.from({ length: upTo(25) }, (_, i) => {
      savedAt += upTo(40) * 500;
      const isEnd = next() < 0.5;
      const position = { epoch: i >> 1, batchesThisEpoch: isEnd ? 0 : upTo(9), batchNumTotal: 5 * i };
      return { savedAt, position, metrics: next() < 0.8 ? { loss: upTo(6) } : {} };
    });
  }

  /** The sentences of the rule one by one, each from the whole history, and slowly. */
  function keptByReference(history: Entry[], rule: RetentionRule, now: number): Set<Entry> {
    const { newest, maxAgeSeconds, everySeconds, everyEpochs, everySteps, best } = rule;
    const kept = new Set<Entry>();
    if (newest === null && maxAgeSeconds === null) return new Set(history);
    history.forEach((entry, i) => {
      const newer = history.length - 1 - i;
      if (newest !== null && newer < newest) kept.add(entry);
      if (maxAgeSeconds !== null && (now - entry.savedAt) / 1000 <= maxAgeSeconds) kept.add(entry);
    });
    let last = 0;
    for (const entry of history.filter((each) => !kept.has(each))) {
      if (everySeconds === null || (entry.savedAt - last) / 1000 <= everySeconds) continue;
      kept.add(entry);
      last = entry.savedAt;
    }
    for (const entry of history) {
      const { epoch, batchesThisEpoch, batchNumTotal } = entry.position;
      if (everyEpochs && batchesThisEpoch === 0 && (epoch + 1) / everyEpochs === Math.floor((epoch + 1) / everyEpochs))
        kept.add(entry);
      if (everySteps && batchNumTotal / everySteps === Math.floor(batchNumTotal / everySteps)) kept.add(entry);
      const value = entry.metrics['loss'];
      if (!best || value === undefined) continue;
      const isBetter = (other: Entry): boolean => {
        const theirs = other.metrics['loss'];
        if (theirs === undefined || other === entry) return false;
        if (theirs === value) return history.indexOf(other) < history.indexOf(entry);
        return best.shouldDecrease ? theirs < value : theirs > value;
      };
      if (history.filter(isBetter).length < best.count) kept.add(entry);
    }
    return kept;
  }

  test('500 of them are kept as the sentences of the rule say', () => {
    for (let i = 0; i < 500; i += 1) {
      const [history, rule] = [randomHistory(), randomRule()];
      const now = history.at(-1)!.savedAt + upTo(40) * 500;
      const kept = keptByReference(history, rule, now);
      const gone = history.filter((entry) => !kept.has(entry));
      expect({ rule, history, gone: expired(history, rule, { startedAt: 0, now }) }).toEqual({ rule, history, gone });
    }
  });

  test('a rule that is applied after every save lets nothing go that a later save would have kept', () => {
    for (let i = 0; i < 500; i += 1) {
      const rule = { ...randomRule(), maxAgeSeconds: null };
      let stored: Entry[] = [];
      const all = randomHistory();
      for (const [n, entry] of all.entries()) {
        const times = { startedAt: 0, now: entry.savedAt };
        const gone = new Set(expired([...stored, entry], rule, times));
        stored = [...stored, entry].filter((each) => !gone.has(each));
        // once more, as a process that starts again does
        expect(expired(stored, rule, times)).toEqual([]);
        const kept = keptByReference(all.slice(0, n + 1), rule, entry.savedAt);
        expect(all.slice(0, n + 1).filter((each) => kept.has(each) && !stored.includes(each))).toEqual([]);
      }
    }
  });
});
