import type { Builder } from '../graph/builder.js';
import type { Value } from '../graph/value.js';

/**
 * 1 / (1 + e^-x). ONNX Runtime's own Sigmoid is 0 below -18 and wrong by a factor of 2 at -17, so that its logarithm is
 * -Infinity where tfjs has -18.
 */
export function sigmoid(g: Builder, x: Value): Value {
  const inverse = g.add(g.unary('Exp', g.neg(x), { fold: Math.exp }), g.scalar(1));
  return g.unary('Reciprocal', inverse, { fold: (value) => 1 / value });
}

/** e^x - 1, also near 0: there it is 2t / (1 - t), where t is tanh(x / 2). */
export function expm1(g: Builder, x: Value): Value {
  const t = g.unary('Tanh', g.mul(x, g.scalar(0.5)), { fold: Math.tanh });
  const small = g.div(g.mul(t, g.scalar(2)), g.sub(g.scalar(1), t));
  return g.where(g.binary('Less', x, g.scalar(1), 'bool'), small, g.sub(g.unary('Exp', x), g.scalar(1)));
}

/**
 * log(1 + x), also near 0: there the rounding error of the sum, x - ((1 + x) - 1), is added as its share of the sum.
 * (2 atanh(x / (2 + x)) is as exact, but ONNX Runtime's Atanh takes 10 ms for 512K elements, its Log 1 ms.)
 */
export function log1p(g: Builder, x: Value): Value {
  const sum = g.add(g.scalar(1), x);
  const log = g.unary('Log', sum);
  const error = g.sub(x, g.sub(sum, g.scalar(1)));
  const share = g.div(error, g.binary('Max', sum, g.scalar(1e-30)));
  return g.where(g.binary('Less', x, g.scalar(1), 'bool'), g.add(log, share), log);
}
