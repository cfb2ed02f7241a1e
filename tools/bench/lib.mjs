import os from 'node:os';

/**
 * Times several functions in turn, forwards and backwards, so that what slows the machine down for a while slows all of them.
 *
 * @param candidates by name `{ run, before, after }`; all may be asynchronous, only `run` is timed.
 * @returns the milliseconds of each in every round.
 */
export async function sideBySide(candidates, { rounds, warmup = 25 }) {
  const times = Object.fromEntries(Object.keys(candidates).map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    const inTurn = Object.entries(candidates);
    for (const [name, { run, before, after }] of round % 2 === 0 ? inTurn : inTurn.reverse()) {
      await before?.();
      const start = performance.now();
      await run();
      if (round >= 0) times[name].push(performance.now() - start);
      await after?.();
    }
  }
  return times;
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function printMachine() {
  const { model } = os.cpus()[0];
  console.log(`Node ${process.version}, ${os.availableParallelism()} x ${model.trim()}`);
}

/** Rows of cells under headings, numbers to the right. */
export function printTable(headings, rows) {
  const lines = [headings, ...rows.map((row) => row.map(String))];
  const widths = headings.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  const numeric = headings.map((_, i) => lines.slice(1).every((line) => /^[-\d.]/.test(line[i])));
  for (const line of lines) {
    const cells = line.map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])));
    console.log(cells.join('  ').trimEnd());
  }
}
