/** Consecutive batches of `batchSize` items; the last one may have fewer, or is left out. */
export function cut(items: ArrayLike<number>, batchSize: number, dropLast: boolean): number[][] {
  const list = Array.from(items);
  return Array.from({ length: countOfCut(list.length, batchSize, dropLast) }, (_, i) =>
    list.slice(i * batchSize, (i + 1) * batchSize),
  );
}

/** The number of batches that {@link cut} gives. */
export function countOfCut(size: number, batchSize: number, dropLast: boolean): number {
  return dropLast ? Math.floor(size / batchSize) : Math.ceil(size / batchSize);
}
