import { registerFor } from '../plugins/describe.js';
import type { Register } from '../plugins/describe.js';

/** One example: numbers, strings, and lists or typed arrays of them, by field name. */
export type Instance = Readonly<Record<string, unknown>>;

/** Reads examples from files. */
export abstract class DatasetReader {
  static readonly kind: string = 'datasetReader';
  static readonly register: Register<DatasetReader> = registerFor('datasetReader');

  /**
   * The fields that hold tokens or labels (strings, or lists of them), and the vocabulary's namespace of each. Their
   * strings are counted into the vocabulary, and are numbers in batches.
   */
  readonly namespaces: Readonly<Record<string, string>> = {};

  /**
   * The examples of a file, in a fixed order.
   *
   * @param path as the config has it, resolved from the config file's folder.
   */
  abstract read(path: string): AsyncIterable<Instance> | Iterable<Instance>;
}

/** Maps tokens and labels to numbers. */
export abstract class Vocabulary {
  static readonly kind: string = 'vocabulary';
  static readonly defaultName: string = 'from_instances';
  static readonly register: Register<Vocabulary> = registerFor('vocabulary');

  /**
   * The number of a token in a namespace such as `tokens` or `labels`; that of the unknown token for new ones.
   *
   * @throws DataError (`X_DATA_INVALID`) if the namespace has no number for unknown tokens, as those of labels.
   */
  abstract indexOf(token: string, namespace: string): number;
  abstract tokenOf(index: number, namespace: string): string;
  /** The number of tokens in a namespace: its numbers are below. How many classes a model has to tell apart. */
  abstract size(namespace: string): number;
  /** Writes it into a folder, in a form that its loader reads. */
  abstract save(folder: string): Promise<void>;
}

/** The order of examples in an epoch. A pure function of (seed, epoch): nothing has to be saved to go on. */
export abstract class Sampler {
  static readonly kind: string = 'sampler';
  static readonly register: Register<Sampler> = registerFor('sampler');

  /** Indices into a data set of `size` examples. */
  abstract indices(size: number, epoch: number): Uint32Array;
}

/** The grouping of examples into batches of an epoch. Pure like a {@link Sampler}. */
export abstract class BatchSampler {
  static readonly kind: string = 'batchSampler';
  static readonly register: Register<BatchSampler> = registerFor('batchSampler');

  /** Batches of indices into `instances`. */
  abstract batches(instances: readonly Instance[], epoch: number): readonly (readonly number[])[];

  /** The number of batches in an epoch, or null where epochs differ. */
  abstract length(instances: readonly Instance[]): number | null;
}

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Answers requests with a trained model: JSON lines in and out. */
export abstract class Predictor {
  static readonly kind: string = 'predictor';
  static readonly defaultName: string = 'default';
  static readonly register: Register<Predictor> = registerFor('predictor');

  /** One answer per request, in order. */
  abstract predict(requests: readonly Json[]): Promise<Json[]>;
}
