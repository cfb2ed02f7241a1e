import { convolutional, mobileNet, residual, textConvolutional, uNet } from './convolutional.js';
import { clippedAndAveraged, compiledClassifier, embeddingBag, perceptron } from './perceptrons.js';
import {
  bidirectional,
  convolutionalRecurrent,
  gatedRecurrent,
  maskedTagger,
  simpleRecurrent,
  translation,
} from './recurrent.js';
import { adversarial, deepQ, variationalAutoencoder } from './several-networks.js';
import { languageModel, layersTransformer } from './transformers.js';
import type { ZooEntry } from './zoo-entry.js';

/** Small models of twenty kinds, each with its own data: between them they use what training in tfjs is made of. */
export const modelZoo: readonly ZooEntry[] = [
  perceptron,
  compiledClassifier,
  embeddingBag,
  clippedAndAveraged,
  convolutional,
  residual,
  mobileNet,
  uNet,
  textConvolutional,
  maskedTagger,
  gatedRecurrent,
  bidirectional,
  simpleRecurrent,
  convolutionalRecurrent,
  translation,
  languageModel,
  layersTransformer,
  variationalAutoencoder,
  deepQ,
  adversarial,
];
