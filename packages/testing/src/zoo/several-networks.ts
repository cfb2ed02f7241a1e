import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { randomNormal } from '@x/trainer-core';

import { binary, classes, numbers } from './data.js';
import { batches } from './layers-entry.js';
import { Networks, reversedGradient } from './networks.js';
import { SeededLayers } from './seeded-layers.js';
import type { ZooEntry } from './zoo-entry.js';

/** An encoder to mean and log-variance of a code, a decoder by transposed convolutions (Kingma & Welling, 2013). */
export const variationalAutoencoder: ZooEntry = {
  name: 'variationalAutoencoder',
  make: () => {
    const layers = new SeededLayers();
    const image = tfl.input({ shape: [8, 8, 1] });
    const convolved = layers.conv2d({ filters: 6, kernelSize: 3, strides: 2, activation: 'relu' }).apply(image);
    const features = tfl.layers.flatten().apply(convolved);
    const code = (): tfl.SymbolicTensor => layers.dense({ units: 4 }).apply(features) as tfl.SymbolicTensor;
    const encoder = tfl.model({ inputs: image, outputs: [code(), code()] });
    const decoder = tfl.sequential({
      layers: [
        layers.dense({ units: 64, activation: 'relu', inputShape: [4] }),
        tfl.layers.reshape({ targetShape: [4, 4, 4] }),
        layers.conv2dTranspose({ filters: 5, kernelSize: 3, strides: 2, activation: 'relu' }),
        layers.conv2d({ filters: 1, kernelSize: 3 }),
      ],
    });
    return {
      model: new Networks({ encoder, decoder }, (networks, { x }) => {
        const [mean, logVariance] = networks.encoder(x as tf.Tensor) as [tf.Tensor, tf.Tensor];
        const noise = randomNormal(mean.shape);
        const sample = tf.add(mean, tf.mul(tf.exp(tf.mul(logVariance, 0.5)), noise));
        const [reconstruction] = networks.decoder(sample);
        const divergence = tf.sub(tf.sub(tf.add(1, logVariance), tf.square(mean)), tf.exp(logVariance));
        const penalty = tf.mul(-0.5, tf.mean(tf.sum(divergence, 1)));
        const error = tf.losses.meanSquaredError(x as tf.Tensor, reconstruction!);
        return { loss: tf.add(error, tf.mul(penalty, 0.01)) };
      }),
      batch: batches('variationalAutoencoder', (random) => ({ x: numbers([4, 8, 8, 1], random) })),
    };
  },
};

/** Values of the actions taken against those of a frozen copy (Mnih et al., 2015). */
export const deepQ: ZooEntry = {
  name: 'deepQ',
  make: () => {
    const layers = new SeededLayers();
    const network = (): tfl.LayersModel =>
      tfl.sequential({
        layers: [layers.dense({ units: 16, activation: 'relu', inputShape: [6] }), layers.dense({ units: 3 })],
      });
    return {
      model: new Networks(
        { online: network(), target: network() },
        (networks, batch) => {
          const { state, action, reward, next, done } = batch as Record<string, tf.Tensor>;
          const [values] = networks.online(state!);
          const [nextValues] = networks.target(next!);
          const taken = tf.gather(values!, action!, 1, 1);
          const later = tf.mul(tf.mul(tf.max(nextValues!, 1), 0.9), tf.sub(1, done!));
          return { loss: tf.losses.huberLoss(tf.add(reward!, later), tf.squeeze(taken, [1])) };
        },
        ['target'],
      ),
      batch: batches('deepQ', (random) => ({
        state: numbers([8, 6], random.at('state')),
        action: classes([8, 1], 3, random.at('action')),
        reward: numbers([8], random.at('reward')),
        next: numbers([8, 6], random.at('next')),
        done: binary([8], random.at('done')),
      })),
    };
  },
};

/** The game of Goodfellow et al. (2014) in one loss, which the generator climbs: its gradient is reversed. */
export const adversarial: ZooEntry = {
  name: 'adversarial',
  make: () => {
    const layers = new SeededLayers();
    const generator = tfl.sequential({
      layers: [
        layers.dense({ units: 12, activation: 'relu', inputShape: [4] }),
        layers.dense({ units: 6, activation: 'tanh' }),
      ],
    });
    const discriminator = tfl.sequential({
      layers: [
        layers.dense({ units: 12, inputShape: [6] }),
        tfl.layers.leakyReLU({ alpha: 0.2 }),
        layers.dense({ units: 1 }),
      ],
    });
    return {
      model: new Networks({ generator, discriminator }, (networks, { x }) => {
        const [made] = networks.generator(randomNormal([8, 4]));
        const [onReal] = networks.discriminator(x as tf.Tensor);
        const [onMade] = networks.discriminator(reversedGradient(made!));
        const real = tf.losses.sigmoidCrossEntropy(tf.ones([8, 1]), onReal!);
        const fake = tf.losses.sigmoidCrossEntropy(tf.zeros([8, 1]), onMade!);
        return { loss: tf.add(real, fake) };
      }),
      batch: batches('adversarial', (random) => ({ x: numbers([8, 6], random) })),
    };
  },
};
