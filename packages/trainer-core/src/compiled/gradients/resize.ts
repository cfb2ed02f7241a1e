import * as tf from '@tensorflow/tfjs-core';

/**
 * Gradients of resized images, [batch, height, width, channels]: a resize is linear in its rows and in its columns, so that
 * its gradient is two products with the matrices that it makes of the identity, whatever its rule is. The gradients of
 * tfjs leave out half pixel centers, and on the cpu backend are wrong for several images (nearest neighbor) and for
 * images that are not square (bilinear).
 */
export const resizeGradients: readonly tf.GradConfig[] = [tf.ResizeBilinear, tf.ResizeNearestNeighbor].map(
  (kernelName) => ({
    kernelName,
    inputsToSave: ['images'],
    gradFunc: (dy, [images], attributes) => ({
      images: () => {
        const [batch, height, width, channels] = images!.shape as [number, number, number, number];
        const [, rows, columns] = (dy as tf.Tensor).shape as [number, number, number, number];
        const inRows = tf.reshape(dy as tf.Tensor, [batch, rows, columns * channels]);
        const overRows = tf.matMul(resizeMatrix(kernelName, height, rows, attributes), inRows, true);
        const inColumns = tf.reshape(overRows, [batch * height, columns, channels]);
        const gradient = tf.matMul(resizeMatrix(kernelName, width, columns, attributes), inColumns, true);
        return tf.reshape(gradient, images!.shape);
      },
    }),
  }),
);

/** [1, to, from]. */
function resizeMatrix(kernelName: string, from: number, to: number, attributes: tf.NamedAttrMap): tf.Tensor {
  const images = tf.reshape(tf.eye(from), [1, from, 1, from]);
  const resized = tf.engine().runKernel<tf.Tensor>(kernelName, { images }, { ...attributes, size: [to, 1] });
  return tf.reshape(resized, [1, to, from]);
}
