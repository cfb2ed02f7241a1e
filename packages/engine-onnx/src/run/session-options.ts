import { availableParallelism } from 'node:os';

import { z } from 'zod';

import type { SessionSettings } from './onnxruntime.js';

const SEVERITIES = ['verbose', 'info', 'warning', 'error', 'fatal'] as const;

/**
 * Making a session takes more than linear time in its nodes: an LSTM over 512 steps, 23,142 nodes, takes 22.7 s with all
 * optimizations and 4.8 s without; a step is as fast, since the graph was optimized before.
 */
const OPTIMIZED_NODES = 4000;

/**
 * ONNX Runtime's own choice, about a millisecond, gains little over this on an idle machine and loses much on a busy one, where
 * threads that spin take the cores from those that compute. Milliseconds of a step on two of two cores, idle, with a
 * millisecond, 20 microseconds and nothing: perceptron 0.85, 0.86, 1.09; LSTM 4.9, 5.7, 7.1; transformer 27.6, 29.7, 30.5.
 * Beside other work: LSTM 15.9, 8.7, 7.8; convolutions 17.4, 12.4, 9.8.
 */
const SPIN_MICROSECONDS = 20;

/** How ONNX Runtime runs what it is given. */
export const SessionOptions = z.strictObject({
  threads: z
    .int()
    .min(1)
    .refine((threads) => threads <= availableParallelism(), { error: ({ input }) => tooManyThreads(input as number) })
    .optional()
    .describe('threads of a step; default: as many as the machine has for this process'),
  spinMicroseconds: z
    .int()
    .nonnegative()
    .default(SPIN_MICROSECONDS)
    .describe('how long threads wait awake for the next operation before they sleep; 0: not at all'),
  graphOptimizationLevel: z
    .enum(['disabled', 'basic', 'extended', 'all'])
    .optional()
    .describe(`what ONNX Runtime does to graphs of its own; default: all, above ${OPTIMIZED_NODES} nodes nothing`),
  logSeverity: z
    .enum(SEVERITIES)
    .default('fatal')
    .describe('what ONNX Runtime prints: this and what is worse; its errors are thrown in any case'),
});

export type SessionOptions = z.infer<typeof SessionOptions>;

/** The settings of a session for a model of so many nodes. */
export function sessionSettings(
  { threads = availableParallelism(), spinMicroseconds, graphOptimizationLevel, logSeverity }: SessionOptions,
  nodes: number,
): SessionSettings {
  return {
    intraOpNumThreads: threads,
    // operations side by side are slower than one after the other, each on all threads
    executionMode: 'sequential',
    graphOptimizationLevel: graphOptimizationLevel ?? (nodes > OPTIMIZED_NODES ? 'disabled' : 'all'),
    logSeverityLevel: SEVERITIES.indexOf(logSeverity) as 0 | 1 | 2 | 3 | 4,
    extra: { session: { intra_op: spinning(spinMicroseconds) } },
  };
}

/** What is wrong with more threads than there are cores. */
export function tooManyThreads(threads: number, available: number = availableParallelism()): string {
  return (
    `${threads} threads, but this process has ${available} ${available === 1 ? 'core' : 'cores'}: threads that share a ` +
    'core wait for each other; leave the option out to use all of them'
  );
}

function spinning(microseconds: number): Readonly<Record<string, string>> {
  if (microseconds === 0) return { allow_spinning: '0' };
  return { allow_spinning: '1', spin_duration_us: String(microseconds) };
}
