import * as tf from '@tensorflow/tfjs-core';

import type { Program } from '../contracts/engine.js';

/** Several programs as one: each sees what the ones before it wrote, and all of it is committed together. */
export function sequence(programs: readonly Program[]): Program {
  if (programs.length === 1) return programs[0]!;
  return {
    name: programs.map(({ name }) => name).join('+'),
    key: programs.map(({ key }) => key).join('\n\n\n'),
    guards: programs.flatMap(({ guards }) => guards),
    parts: programs.flatMap((program) => program.parts ?? [program]),
    run: (inputs, state) =>
      Object.fromEntries(programs.flatMap((program) => Object.entries(program.run(inputs, state)))),
  };
}

/** The same program, whose run is never committed with `commitIf: 'not-nan'`: to see what it does. */
export function withoutEffect(program: Program): Program {
  return {
    name: program.name,
    key: program.key,
    guards: ['never'],
    run(inputs, state) {
      program.run(inputs, state);
      return { never: tf.scalar(Number.NaN) };
    },
  };
}
