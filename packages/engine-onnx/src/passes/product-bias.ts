import { sameShape } from '../graph/value.js';
import type { Value } from '../graph/value.js';
import type { Pass } from './pass.js';
import { rewrite } from './rewrite.js';
import { isProduct, unshaped, Uses } from './uses.js';

/**
 * What is added to a product of matrices is where the product starts to sum: `Add(Gemm(a, b), c)` is `Gemm(a, b, c)`.
 * (Measured: a training step of an LSTM 4.7 ms, without 5.3.)
 */
export const productBias: Pass = {
  name: 'productBias',
  run: (g, roots) => {
    const uses = new Uses(roots);
    return rewrite(g, roots, (node, inputs) => {
      if (node.op !== 'Add') return undefined;
      const { shape } = node.outputs[0]!;
      // of two products, the later one starts from the earlier one
      for (const [i, other] of [
        [1, 0],
        [0, 1],
      ] as const) {
        const once = uses.unshaped(node.inputs[i]!);
        const product = unshaped(inputs[i]!);
        if (once === undefined || !isProduct(once) || !isProduct(product)) continue;
        const bias = biasShape(inputs[other]!, product, inputs[i]!.shape, shape);
        if (bias === undefined) continue;
        const terms = [...product.inputs, g.reshape(inputs[other]!, bias)];
        return [g.reshape(g.op('Gemm', terms, product.attributes, product.shape), shape)];
      }
      return undefined;
    });
  },
};

/** The shape in which something can be added to a product that is reshaped to all of the sum's shape, if it can. */
function biasShape(
  bias: Value,
  product: Value,
  reshaped: readonly number[],
  shape: readonly number[],
): readonly number[] | undefined {
  const columns = product.shape[1]!;
  if (!sameShape(reshaped, shape)) return undefined;
  if (sameShape(bias.shape, shape)) return product.shape;
  const isRow = bias.size === columns && bias.shape.at(-1) === columns && shape.at(-1) === columns;
  return isRow ? [columns] : undefined;
}
