import * as tf from '@tensorflow/tfjs-core';

/** A tensor and a label an axis. */
interface Term {
  readonly labels: string;
  readonly value: tf.Tensor;
}

/**
 * The gradient of Einsum, of which tfjs has none: for each operand the product of dy and the other operand, summed over
 * the labels that the operand has not, and repeated along those that it alone has.
 */
export const einsumGradient: tf.GradConfig = {
  kernelName: tf.Einsum,
  saveAllInputs: true,
  gradFunc: (dy, saved, attributes) => {
    const { equation } = attributes as unknown as tf.EinsumAttrs;
    const [left, result] = equation.replaceAll(/\s/g, '').split('->') as [string, string];
    const operands = left.split(',').map((labels, i): Term => ({ labels, value: saved[i]! }));
    const change: Term = { labels: result, value: dy as tf.Tensor };
    const gradientOf = (own: Term) => (): tf.Tensor => {
      const others = operands.filter((operand) => operand !== own);
      return repeatedAlong(own, productOver(own.labels, [change, ...withoutLoneLabels(others, own.labels + result)]));
    };
    return Object.fromEntries(operands.map((operand, i) => [i, gradientOf(operand)]));
  },
};

/** Summed over the labels that nothing else has: tfjs leaves out of a product with sums what has no part in one. */
function withoutLoneLabels(terms: readonly Term[], known: string): Term[] {
  return terms.map(({ labels, value }) => {
    const lone = [...labels].flatMap((label, axis) => (known.includes(label) ? [] : [axis]));
    if (lone.length === 0) return { labels, value };
    const kept = [...labels].filter((label) => known.includes(label)).join('');
    return { labels: kept, value: tf.sum(value, lone) };
  });
}

/** The product of terms, summed to those of the labels that occur in them. */
function productOver(labels: string, terms: readonly Term[]): Term {
  const kept = [...labels].filter((label) => terms.some((term) => term.labels.includes(label))).join('');
  const equation = `${terms.map((term) => term.labels).join()}->${kept}`;
  return { labels: kept, value: tf.einsum(equation, ...terms.map(({ value }) => value)) };
}

/** In the shape of a term whose labels are all of those here, and perhaps more. */
function repeatedAlong({ labels, value: { shape } }: Term, product: Term): tf.Tensor {
  const apart = shape.map((length, axis) => (product.labels.includes(labels[axis]!) ? length : 1));
  return tf.broadcastTo(tf.reshape(product.value, apart), shape);
}
