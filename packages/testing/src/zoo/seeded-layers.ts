import * as tfl from '@tensorflow/tfjs-layers';

type Config<Kind extends keyof typeof tfl.layers> = (typeof tfl.layers)[Kind] extends (config: infer C) => unknown
  ? C
  : never;
type Layer = tfl.layers.Layer;
type Initializer = ReturnType<typeof tfl.initializers.glorotUniform>;

/**
 * The layers of one model that have weights. Names (`dense1`, `dense2`, ...) and the seeds of the weights count from 1, so
 * that two models built alike are equal, in names and values.
 */
export class SeededLayers {
  private readonly counts = new Map<string, number>();
  private seed = 0;

  dense(config: Config<'dense'>): Layer {
    return tfl.layers.dense({ name: this.name('dense'), kernelInitializer: this.glorot(), ...config });
  }

  /** Padding is `same` unless it is told. */
  conv2d(config: Config<'conv2d'>): Layer {
    return tfl.layers.conv2d({
      name: this.name('conv2d'),
      kernelInitializer: this.glorot(),
      padding: 'same',
      ...config,
    });
  }

  conv1d(config: Config<'conv1d'>): Layer {
    return tfl.layers.conv1d({ name: this.name('conv1d'), kernelInitializer: this.glorot(), ...config });
  }

  conv2dTranspose(config: Config<'conv2dTranspose'>): Layer {
    return tfl.layers.conv2dTranspose({
      name: this.name('conv2dTranspose'),
      kernelInitializer: this.glorot(),
      padding: 'same',
      ...config,
    });
  }

  depthwiseConv2d(config: Config<'depthwiseConv2d'>): Layer {
    return tfl.layers.depthwiseConv2d({
      name: this.name('depthwiseConv2d'),
      depthwiseInitializer: this.glorot(),
      padding: 'same',
      ...config,
    });
  }

  separableConv2d(config: Config<'separableConv2d'>): Layer {
    return tfl.layers.separableConv2d({
      name: this.name('separableConv2d'),
      depthwiseInitializer: this.glorot(),
      pointwiseInitializer: this.glorot(),
      padding: 'same',
      ...config,
    });
  }

  embedding(config: Config<'embedding'>): Layer {
    const embeddingsInitializer = tfl.initializers.randomUniform({ minval: -0.1, maxval: 0.1, seed: ++this.seed });
    return tfl.layers.embedding({ name: this.name('embedding'), embeddingsInitializer, ...config });
  }

  lstm(config: Config<'lstm'>): tfl.RNN {
    return tfl.layers.lstm({ name: this.name('lstm'), ...this.recurrent(), ...config });
  }

  gru(config: Config<'gru'>): tfl.RNN {
    return tfl.layers.gru({ name: this.name('gru'), ...this.recurrent(), ...config });
  }

  simpleRnn(config: Config<'simpleRNN'>): tfl.RNN {
    return tfl.layers.simpleRNN({ name: this.name('simpleRnn'), ...this.recurrent(), ...config });
  }

  convLstm2d(config: Config<'convLstm2d'>): Layer {
    return tfl.layers.convLstm2d({ name: this.name('convLstm2d'), ...this.recurrent(), padding: 'same', ...config });
  }

  /** The layer for every position of a sequence. */
  timeDistributed(layer: Layer): Layer {
    return tfl.layers.timeDistributed({ name: this.name('timeDistributed'), layer });
  }

  batchNormalization(): Layer {
    return tfl.layers.batchNormalization({ name: this.name('batchNormalization') });
  }

  layerNormalization(): Layer {
    return tfl.layers.layerNormalization({ name: this.name('layerNormalization'), axis: -1 });
  }

  private name(kind: string): string {
    const count = (this.counts.get(kind) ?? 0) + 1;
    this.counts.set(kind, count);
    return `${kind}${count}`;
  }

  private glorot(): Initializer {
    return tfl.initializers.glorotUniform({ seed: ++this.seed });
  }

  private recurrent(): { kernelInitializer: Initializer; recurrentInitializer: Initializer } {
    return {
      kernelInitializer: this.glorot(),
      recurrentInitializer: tfl.initializers.glorotNormal({ seed: ++this.seed }),
    };
  }
}
