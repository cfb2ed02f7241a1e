import type { Builder } from '../builder.js';
import type { Value } from '../value.js';

/** The methods of a builder that rules simplify. */
type Simplified =
  | 'unary'
  | 'binary'
  | 'where'
  | 'reduce'
  | 'matmul'
  | 'reshape'
  | 'transpose'
  | 'expand'
  | 'stridedSlice'
  | 'reverse'
  | 'concat'
  | 'pad'
  | 'gather';

/** Its arguments, those that may be left out among them. */
type Arguments<Method extends Simplified> = Required<Parameters<Builder[Method]>>;

type Rule<Method extends Simplified> = (g: Builder, ...args: Arguments<Method>) => Value | undefined;

/**
 * What a kind of simplification knows about each method: a value that equals what was asked for and is simpler, or
 * undefined if it knows none. The builder has checked the arguments: axes are not negative, axes reduced are in
 * order, kept and longer than 1, and where something would stay as it is, or have no elements, no rule is asked.
 *
 * A rule asks the builder in turn, for something simpler: that is why this comes to an end.
 */
export type Rules = { readonly [Method in Simplified]?: Rule<Method> };

/** The first that knows something. */
export function firstOf(families: readonly Rules[]): Rules {
  return {
    unary: inTurn(families.map(({ unary }) => unary)),
    binary: inTurn(families.map(({ binary }) => binary)),
    where: inTurn(families.map(({ where }) => where)),
    reduce: inTurn(families.map(({ reduce }) => reduce)),
    matmul: inTurn(families.map(({ matmul }) => matmul)),
    reshape: inTurn(families.map(({ reshape }) => reshape)),
    transpose: inTurn(families.map(({ transpose }) => transpose)),
    expand: inTurn(families.map(({ expand }) => expand)),
    stridedSlice: inTurn(families.map(({ stridedSlice }) => stridedSlice)),
    reverse: inTurn(families.map(({ reverse }) => reverse)),
    concat: inTurn(families.map(({ concat }) => concat)),
    pad: inTurn(families.map(({ pad }) => pad)),
    gather: inTurn(families.map(({ gather }) => gather)),
  };
}

function inTurn<Args extends unknown[]>(
  rules: readonly (((g: Builder, ...args: Args) => Value | undefined) | undefined)[],
): (g: Builder, ...args: Args) => Value | undefined {
  const known = rules.filter((rule) => rule !== undefined);
  return (g, ...args) => {
    for (const rule of known) {
      const simpler = rule(g, ...args);
      if (simpler !== undefined) return simpler;
    }
    return undefined;
  };
}
