import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { Io } from '../io.js';
import { run } from '../program.js';

const require_ = (name: string): string => `require(${JSON.stringify(require.resolve(name))})`;

/** Plugins that a config may list by path, wherever it is. */
export const CHECKPOINT = require.resolve('@x/checkpoint');
export const DATA = require.resolve('@x/data');
export const LAYERS = require.resolve('@x/trainer-core/layers');
export const CLI = join(__dirname, '..', 'index.ts');

/** y = w x with a plain optimizer on two points of y = 2 x, a predictor that shouts, and the command `hello`. */
const STUB = `
const core = ${require_('@x/trainer-core')};
const tf = ${require_('@tensorflow/tfjs-core')};
const { z } = ${require_('zod')};

class Line extends core.Model {
  weights = { w: tf.tidy(() => tf.variable(tf.tensor2d([[0]]))) };
  namedVariables() { return this.weights; }
  forward({ x, y }) {
    const prediction = tf.matMul(x, this.weights.w);
    if (y === undefined) return { prediction };
    return { prediction, loss: tf.mean(tf.square(tf.sub(prediction, y))), rows: tf.scalar(x.shape[0]) };
  }
  dispose() { tf.dispose(this.weights); }
}
core.Model.register('line', z.strictObject({}))(Line);

class Broken extends Line {
  forward() { throw new TypeError('broken'); }
}
core.Model.register('broken', z.strictObject({}))(Broken);

class Lookup extends core.Model {
  weights = { table: tf.tidy(() => tf.variable(tf.tensor1d([10, 20, 30]))) };
  namedVariables() { return this.weights; }
  forward({ x, y, tokens }) {
    if (tokens !== undefined) return { values: tf.gather(this.weights.table, tokens), table: tf.clone(this.weights.table) };
    return { loss: tf.mean(tf.square(this.weights.table)) };
  }
  dispose() { tf.dispose(this.weights); }
}
core.Model.register('lookup', z.strictObject({}))(Lookup);

/** Answers with what it is given; of n, whether it is float32. */
class Echo extends core.Model {
  weights = { w: tf.tidy(() => tf.variable(tf.scalar(0))) };
  namedVariables() { return this.weights; }
  forward({ text, textMask, n, label }) {
    const isFloat = tf.fill([n.shape[0]], n.dtype === 'float32' ? 1 : 0);
    const echo = { text, mask: textMask, isFloat };
    return label === undefined ? echo : { ...echo, loss: tf.mean(tf.mul(label, this.weights.w)) };
  }
  dispose() { tf.dispose(this.weights); }
}
core.Model.register('echo', z.strictObject({}))(Echo);

class Plain extends core.Optimizer {
  initialSlots() { return {}; }
  coefficients({ lr }) { return { lr }; }
  update({ parameter, gradient, coefficients: { lr } }) {
    return { parameter: tf.sub(parameter, tf.mul(lr, gradient)), slots: {} };
  }
}
core.inject(core.ModelParameters)(Plain, undefined, 1);
core.Optimizer.register('plain', z.strictObject({ lr: z.number().default(0.1) }))(Plain);

class Points extends core.DataLoader {
  resumability = 'seekable';
  length() { return 2; }
  async *epoch({ start = 0 }) {
    for (let i = start; i < 2; i++) yield { x: tf.tensor2d([[1], [2]]), y: tf.tensor2d([[2], [4]]) };
  }
}
core.DataLoader.register('two-points', z.strictObject({}))(Points);

class Lines extends core.DatasetReader {
  async *read(path) {
    for (const line of require('node:fs').readFileSync(path, 'utf8').trim().split('\\n')) yield { line };
  }
}
core.DatasetReader.register('lines')(Lines);

class Stop extends core.TrainerCallback {
  onStepEnd({ control }) { control.stop(); }
}
core.TrainerCallback.register('stop')(Stop);

class Interrupt extends core.TrainerCallback {
  constructor(options) { super(); this.options = options; }
  onRunStart() { if (this.options.at === -1) this.interrupt(); }
  onEpochEnd({ epoch }) { if (this.options.at === epoch) this.interrupt(); }
  interrupt() { throw new core.InterruptedError('by hand', 'SIGINT'); }
}
core.TrainerCallback.register('interrupt', z.strictObject({ at: z.number() }))(Interrupt);

class Shout extends core.Predictor {
  async predict(requests) { return requests.map((request) => String(request).toUpperCase()); }
}
core.Predictor.register('shout', z.strictObject({}))(Shout);

class Odd extends core.Predictor {
  constructor(options) { super(); this.options = options; }
  async predict(requests) { return this.options.answers ?? requests.map(() => ({ score: NaN, list: [-Infinity, 1] })); }
}
core.Predictor.register('odd', z.strictObject({ answers: z.array(z.any()).optional() }))(Odd);

class Hello extends core.Command {
  name = 'hello';
  description = 'greet';
  arguments = ['<who>'];
  options = [{ flags: '--times <n>', description: 'how often', default: '1' }];
  async run({ arguments: [who], options, print }) {
    for (let i = 0; i < Number(options.times); i++) print('hello ' + who);
    return 3;
  }
}
core.Command.register('hello')(Hello);

exports.__esModule = true;
exports.default = core.definePlugin({
  name: 'stub', version: '1.2.3', provides: [Line, Broken, Lookup, Echo, Plain, Points, Lines, Stop, Interrupt, Shout, Odd, Hello],
});`;

/** A plugin with a command that takes the name of one of ours. */
const CLASH = `
const core = ${require_('@x/trainer-core')};
class Train extends core.Command {
  name = 'train';
  description = 'mine';
  async run() {}
}
core.Command.register('other-train')(Train);
exports.__esModule = true;
exports.default = core.definePlugin({ name: 'clash', provides: [Train] });`;

/** A package with an engine that is not usable. */
export const ENGINE = `
const core = ${require_('@x/trainer-core')};
class Onnx extends core.Engine {
  name = 'onnx';
  async probe() {
    return { usable: false, reason: 'onnxruntime-node is not installed', advice: 'npm install onnxruntime-node' };
  }
}
core.Engine.register('onnx')(Onnx);
exports.__esModule = true;
exports.default = core.definePlugin({ name: '@x/engine-onnx', provides: [Onnx] });`;

export interface Finished {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A folder with the plugins `stub.js` and `clash.js`, and `x-train` in this process. */
export class Workplace {
  private constructor(readonly folder: string) {}

  static async make(): Promise<Workplace> {
    const workplace = new Workplace(await mkdtemp(join(tmpdir(), 'x-train-')));
    await workplace.write('stub.js', STUB);
    await workplace.write('clash.js', CLASH);
    return workplace;
  }

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** @returns its path. */
  async write(name: string, content: string | object): Promise<string> {
    const path = this.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  async xTrain(args: readonly string[], input = ''): Promise<Finished> {
    let out = '';
    let err = '';
    const status = await run(args, {
      ...this.io(input),
      out: { write: (text) => (out += text) },
      err: { write: (text) => (err += text) },
    });
    return { status, out, err };
  }

  /** An output that nobody reads. */
  io(input = ''): Io {
    const write = (): void => undefined;
    return {
      out: { write },
      err: { write },
      input: (async function* () {
        yield input;
      })(),
    };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}
