import '@tensorflow/tfjs';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';

import { CHECKPOINT, CLI, DATA, ENGINE, LAYERS, Workplace } from './__fixtures__/in-process.js';

let at: Workplace;
beforeAll(async () => {
  at = await Workplace.make();
});
afterAll(() => at.remove());

let tensors: number;
beforeEach(() => {
  tensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(tensors));

const trainer = { numEpochs: 2, optimizer: { type: 'plain' } };
const base = {
  plugins: ['./stub.js', CHECKPOINT],
  model: { type: 'line' },
  dataLoader: { type: 'two-points' },
  trainer,
};

let count = 0;
/** A new config and a folder for its run. */
async function newRun(changes: object = {}): Promise<{ config: string; folder: string }> {
  const name = `run-${count++}`;
  return { config: await at.write(`${name}.json`, { ...base, ...changes }), folder: at.path(name) };
}

/** The folder of a finished run. */
async function trained(changes: object = {}): Promise<string> {
  const { config, folder } = await newRun(changes);
  expect(await at.xTrain(['train', config, '-s', folder])).toMatchObject({ status: 0, err: '' });
  return folder;
}

const epochLines = (out: string): string[] => out.split('\n').filter((line) => line.startsWith('epoch '));
const json = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

describe('train', () => {
  it('shows every epoch, then the metrics, where everything is, and what to run next', async () => {
    const { config, folder } = await newRun({ validationDataLoader: { type: 'two-points' } });
    const { status, out, err } = await at.xTrain(['train', config, '-s', folder]);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(epochLines(out)).toEqual([
      expect.stringMatching(/^epoch 1\/2 .*loss .*validation: loss .*lr 0\.1 .*best so far$/),
      expect.stringMatching(/^epoch 2\/2 /),
    ]);
    expect(out).toMatch(/training +validation +best/);
    expect(out).toMatch(/^best epoch 2, trained in \d+\.\d s$/m);
    const places = out.split('\n').find((line) => line.startsWith('everything is in'))!;
    for (const name of readdirSync(folder)) expect(places).toContain(name.replace(/(?<=epoch_)\d+/, '*'));
    expect(places.match(/metrics_epoch/g)).toHaveLength(1);
    expect(out).toContain(`next: x-train evaluate ${folder}/model.tar.gz [data]`);
    expect(out).toContain('all 2 epochs were trained');
    expect(out).not.toContain('tensorboard');
  });

  it('promises no weights where nothing saved any', async () => {
    const { config, folder } = await newRun({ trainer: { ...trainer, checkpointer: null } });
    expect((await at.xTrain(['train', config, '-s', folder])).out).not.toContain('x-train evaluate');
  });

  it('goes on with --recover', async () => {
    const { config, folder } = await newRun();
    await at.xTrain(['train', config, '-s', folder]);
    const { status, out } = await at.xTrain(['train', config, '-s', folder, '-r', '-o', '{"trainer.numEpochs": 3}']);
    expect(status).toBe(0);
    expect(out).toContain('going on in epoch 3, after 4 steps');
    expect(epochLines(out)).toHaveLength(1);
  });

  it('starts again with --force', async () => {
    const { config, folder } = await newRun();
    await at.xTrain(['train', config, '-s', folder]);
    expect(epochLines((await at.xTrain(['train', config, '-s', folder, '--force'])).out)).toHaveLength(2);
  });

  it('gives back the run that --force was to replace when it fails before it has a result', async () => {
    const { config, folder } = await newRun();
    await at.xTrain(['train', config, '-s', folder]);
    const before = readdirSync(folder);
    const broken = await at.xTrain(['train', config, '-s', folder, '--force', '-o', '{"model.type": "broken"}']);
    expect(broken).toMatchObject({
      status: 1,
      err: expect.stringContaining("the model's forward() failed: broken") as string,
    });
    expect(readdirSync(folder)).toEqual(before);
    expect(await at.xTrain(['train', config, '-s', folder, '--recover'])).toMatchObject({ status: 0 });
  });

  it('writes its config and trains nothing with --dry-run', async () => {
    const { config, folder } = await newRun();
    const { status, out } = await at.xTrain(['train', config, '-s', folder, '--dry-run']);
    expect({ status, lines: epochLines(out) }).toEqual({ status: 0, lines: [] });
    expect(out).toContain('nothing trained');
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'meta.json', 'out.log']);
  });

  it('gives one message for all that is wrong with a config', async () => {
    const { config, folder } = await newRun({ model: 'lime', trainer: { ...trainer, patiance: 1 } });
    const { status, err } = await at.xTrain(['train', config, '-s', folder]);
    expect(status).toBe(1);
    expect(err).toContain('has 2 problems');
    expect(err).toContain('did you mean "line"?');
    expect(err).toContain('trainer.patiance');
    expect(err).not.toMatch(/^ +at /m);
    expect(existsSync(folder)).toBe(false);
  });
});

describe('predict', () => {
  it('answers lines with the rows of the outputs, in order', async () => {
    const folder = await trained();
    const { status, out } = await at.xTrain(
      ['predict', folder, '--batch-size', '2'],
      '{"x":[1]}\n\n{"x":[2]}\n{"x":[4]}',
    );
    expect(status).toBe(0);
    const answers = out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { prediction: [number] }).prediction[0]);
    // two points of y = 2 x by gradient descent with rate 0.1: w <- w - 0.1 * 5 (w - 2), from 0, four times
    expect(answers).toEqual([1, 2, 4].map((x) => expect.closeTo(1.875 * x, 5) as number));
  });

  it('reads and writes files, leaves the loss out, and leaves no partial file', async () => {
    const folder = await trained();
    const requests = await at.write('requests.jsonl', '{"x":[1],"y":[2]}\n');
    const output = at.path('answers.jsonl');
    expect((await at.xTrain(['predict', folder, requests, '--output-file', output])).out).toContain('1 predictions');
    expect(json(output)).toEqual({ prediction: [expect.closeTo(1.875, 5)] });

    await at.write('half.jsonl', '{"x":[1]}\nnonsense\n');
    const failed = await at.xTrain(['predict', folder, at.path('half.jsonl'), '--output-file', at.path('never.jsonl')]);
    expect(failed.status).toBe(1);
    expect(failed.err).toContain('half.jsonl, line 2');
    expect(readdirSync(at.folder).filter((name) => name.startsWith('never'))).toEqual([]);
  });

  it('asks the predictor of the config', async () => {
    const folder = await trained({ predictor: { type: 'shout' } });
    expect(await at.xTrain(['predict', folder], '"hey"\n')).toEqual({ status: 0, out: '"HEY"\n', err: '' });
  });

  it('writes numbers that JSON lacks as strings', async () => {
    const folder = await trained({ predictor: { type: 'odd' } });
    expect((await at.xTrain(['predict', folder], '1\n')).out).toBe('{"score":"NaN","list":["-Infinity",1]}\n');
  });

  it('refuses a predictor that does not give an answer for each request', async () => {
    const folder = await trained({ predictor: { type: 'odd', answers: [1] } });
    const { status, out, err } = await at.xTrain(['predict', folder], '1\n2\n');
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain('Odd gave 1 answers to 2 requests');
  });

  it('uses the copy of this package that the config lists', async () => {
    const copy = await at.write(
      'copy.js',
      `const core = require(${JSON.stringify(require.resolve('@x/trainer-core'))});
      class Copy extends core.Predictor {
        async predict(requests) { return requests.map(() => 'of the copy'); }
      }
      core.Predictor.register('default')(Copy);
      exports.__esModule = true;
      exports.default = core.definePlugin({ name: '@x/cli', provides: [Copy] });`,
    );
    const folder = await trained({ plugins: [...base.plugins, copy] });
    expect(await at.xTrain(['predict', folder], '1')).toEqual({ status: 0, out: '"of the copy"\n', err: '' });
  });

  it('takes whole numbers where the config says so', async () => {
    const folder = await trained({
      model: { type: 'lookup' },
      trainer: { ...trainer, optimizer: { type: 'plain', lr: 0 } },
    });
    const asked = ['predict', folder, '-o', '{"predictor": {"dtypes": {"tokens": "int32"}}}'];
    expect(await at.xTrain(asked, '{"tokens":[2,0]}')).toEqual({ status: 0, out: '{"values":[30,10]}\n', err: '' });
  });

  describe('of a run with a reader', () => {
    const ofText = {
      plugins: [...base.plugins, DATA],
      datasetReader: { type: 'jsonl', namespaces: { text: 'tokens', label: 'labels' } },
      trainDataPath: 'text.jsonl',
      model: { type: 'echo' },
      dataLoader: {
        type: 'default',
        batchSize: 2,
        dropLast: true,
        batchesPerEpoch: 1,
        shuffle: true,
        seed: 3,
        fields: { text: { padToMultipleOf: 2 }, label: { dtype: 'float32' } },
      },
    };
    let folder: string;
    beforeAll(async () => {
      const lines = ['{"text":["a","b","b"],"n":0.5,"label":"x"}', '{"text":["b","a"],"n":2,"label":"y"}'];
      await at.write('text.jsonl', lines.join('\n'));
      folder = await trained(ofText);
    });

    it('takes tokens, in a batch as its data loader makes it, in order and without labels', async () => {
      const requests = '{"text":["b","new"],"n":1}\n{"text":["a","b","b"],"n":2}\n{"text":[],"n":3}\n';
      const { out, err } = await at.xTrain(['predict', folder, '--batch-size', '3'], requests);
      expect(err).toBe('');
      // 0 is padding, 1 unknown; b is more frequent than a
      expect(out.trim().split('\n')).toEqual([
        '{"text":[2,1,0,0],"mask":[1,1,0,0],"isFloat":1}',
        '{"text":[3,2,2,0],"mask":[1,1,1,0],"isFloat":1}',
        '{"text":[0,0,0,0],"mask":[0,0,0,0],"isFloat":1}',
      ]);
    });

    it('takes whole numbers where the predictor says so', async () => {
      const asked = ['predict', folder, '-o', '{"predictor": {"dtypes": {"n": "int32"}}}'];
      const { out } = await at.xTrain(asked, '{"text":["a"],"n":1}\n');
      expect(out).toBe('{"text":[3,0],"mask":[1,0],"isFloat":0}\n');
    });

    it.each([
      ['a label that is not known', '{"text":["a"],"n":1,"label":"z"}', 'the requests: instance 0: field "label": "z"'],
      ['numbers for tokens', '{"text":[3],"n":1}', 'the requests: instance 0: field "text" has a vocabulary namespace'],
      ['a missing field', '{"text":["a"],"n":1}\n{"text":["a"]}', 'the requests: instance 1 lacks the field "n"'],
    ])('refuses %s', async (_, input, message) => {
      const { status, out, err } = await at.xTrain(['predict', folder], input);
      expect({ status, out }).toEqual({ status: 1, out: '' });
      expect(err).toContain(message);
    });

    it('says that a data loader has examples of its own only', async () => {
      const asked = ['predict', folder, '-o', '{"dataLoader": {"type": "two-points"}}'];
      const { status, err } = await at.xTrain(asked, '{"text":["a"],"n":1}\n');
      expect(status).toBe(1);
      expect(err).toContain('Points does not make one batch of 1 examples that it is given as Dataset');
    });
  });

  it.each([
    ['null', '{"x":[null]}', 'expected numbers, or lists of numbers of one length, for "x", received [null]'],
    ['a string', '{"x":["1"]}', 'expected numbers, or lists of numbers of one length, for "x", received ["1"]'],
    ['a list', '[1]', 'expected an object with a value per input of the model'],
    ['another field', '{"z":[1]}', 'the model does not take requests with the fields z: float32 [1,1]'],
    ['a field more', '{"x":[1]}\n{"x":[1],"z":[1]}', 'expected the fields of the first request (x)'],
    ['a missing field', '{"x":[1]}\n{}', 'request 2 of its batch: expected a value for "x"'],
    [
      'lists of two lengths',
      '{"x":[1]}\n{"x":[1,2]}',
      'request 2 of its batch: expected "x" of the first request\'s shape [1]',
    ],
  ])('refuses %s', async (_, input, message) => {
    const { status, out, err } = await at.xTrain(['predict', await trained()], input);
    expect({ status, out }).toEqual({ status: 1, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });

  it('says which file it cannot read or write', async () => {
    const folder = await trained();
    const missing = await at.xTrain(['predict', folder, at.path('nowhere.jsonl')]);
    expect(missing).toMatchObject({
      status: 1,
      err: expect.stringContaining('nowhere.jsonl cannot be read') as string,
    });
    const output = at.path('no', 'such', 'folder.jsonl');
    const unwritable = await at.xTrain(['predict', folder, '--output-file', output], '{"x":[1]}');
    expect(unwritable).toMatchObject({
      status: 1,
      err: expect.stringContaining(`${output} cannot be written`) as string,
    });
  });
});

it('leaves nothing beside an output that is a folder', async () => {
  const folder = await trained();
  await at.write('taken/inside', '');
  const { status, err } = await at.xTrain(['predict', folder, '--output-file', at.path('taken')], '{"x":[1]}');
  expect(status).toBe(1);
  expect(err).toContain('taken cannot be written');
  expect(readdirSync(at.folder).filter((name) => name.startsWith('taken'))).toEqual(['taken']);
});

describe('export', () => {
  it('writes what stock tfjs loads and computes the same with', async () => {
    const stock = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
    const architecture = stock.toJSON(undefined, false) as object;
    stock.dispose();
    const folder = await trained({
      plugins: [...base.plugins, LAYERS],
      model: { type: 'layers_model', architecture, loss: 'meanSquaredError' },
    });
    const exported = at.path('exported');
    expect(await at.xTrain(['export', `${folder}/model.tar.gz`, '--to', 'tfjs', '--output', exported])).toMatchObject({
      status: 0,
      err: '',
    });

    const { modelTopology, weightsManifest } = json(at.path('exported', 'model.json')) as tf.io.ModelJSON;
    const weightData = new Uint8Array(readFileSync(at.path('exported', 'weights.bin'))).buffer;
    const weightSpecs = weightsManifest[0]!.weights;
    const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology: modelTopology, weightSpecs, weightData }));
    const [expected] = tf.tidy(() => (model.predict(tf.tensor2d([[3]])) as tf.Tensor).dataSync());
    model.dispose();
    const { out } = await at.xTrain(['predict', folder], '{"x":[3]}');
    const [[answer]] = Object.values(JSON.parse(out) as Record<string, [number]>) as [[number]];
    expect(answer).toBeCloseTo(expected!, 5);
  });

  it('says what is possible with other models, and writes nothing', async () => {
    const folder = await trained();
    const { status, err } = await at.xTrain(['export', folder, '--to', 'tfjs', '--output', at.path('not-exported')]);
    expect(status).toBe(1);
    expect(err).toContain('only models made of tfjs layers');
    expect(existsSync(at.path('not-exported'))).toBe(false);
  });
});

describe('schema', () => {
  it('describes exactly the listed plugins', async () => {
    const { config } = await newRun();
    const listed = (await at.xTrain(['schema', config])).out;
    expect(listed).toContain('"two-points"');
    expect((await at.xTrain(['schema'])).out).not.toContain('"two-points"');
    expect(JSON.parse((await at.xTrain(['schema', '--plugins', `${at.path('stub.js')},${CHECKPOINT}`])).out)).toEqual(
      JSON.parse(listed),
    );
  });

  it('refuses a list of plugins that is none', async () => {
    const { config } = await newRun({ plugins: './stub.js' });
    expect(await at.xTrain(['schema', config])).toMatchObject({
      status: 1,
      err: expect.stringContaining('plugins: expected a list of packages') as string,
    });
  });
});

describe('doctor', () => {
  it('lists engines, devices and plugins', async () => {
    const { config } = await newRun();
    const { status, out } = await at.xTrain(['doctor', config]);
    expect(status).toBe(0);
    expect(out).toContain(`Node          ${process.version}`);
    expect(out).toContain(`TensorFlow.js ${tf.version_core}, backend cpu`);
    expect(out).toMatch(/eager +usable/);
    expect(out).toContain('cudaDevice: -1');
    expect(out).toMatch(/stub +listed, 1\.2\.3/);
    expect(out).toContain('not installed: npm install @x/metrics');
  });

  it('asks the engines of installed packages that are not listed too, and says what to type', async () => {
    const inPackage = 'with-engine/node_modules/@x/engine-onnx';
    await at.write(`${inPackage}/package.json`, { name: '@x/engine-onnx', version: '4.5.6', main: 'index.js' });
    await at.write(`${inPackage}/index.js`, ENGINE);
    const config = await at.write('with-engine/run.json', { ...base, plugins: ['../stub.js'] });
    const { status, out } = await at.xTrain(['doctor', config]);
    expect(status).toBe(0);
    expect(out).toMatch(/onnx +not usable: onnxruntime-node is not installed\n +npm install onnxruntime-node\n/);
    expect(out).toContain('for runs whose "plugins" list "@x/engine-onnx"');
    expect(out.match(/not usable/g)).toHaveLength(1);
    expect(out).toContain('installed, 4.5.6; add "@x/engine-onnx" to "plugins" to use it');
    const listed = await at.write('with-engine/listed.json', { ...base, plugins: ['../stub.js', '@x/engine-onnx'] });
    const again = await at.xTrain(['doctor', listed]);
    expect(again.status).toBe(0);
    expect(again.out).toMatch(/onnx +not usable: onnxruntime-node is not installed\n +npm install onnxruntime-node\n/);
    expect(again.out).not.toContain('for runs whose');
    expect(again.out).toMatch(/@x\/engine-onnx +listed, 4.5.6/);
  });

  it('goes on after a plugin that does not load, says why it does not, and fails', async () => {
    const { config } = await newRun({ plugins: ['./stub.js', './gone.js', '@x/optim'] });
    const { status, out } = await at.xTrain(['doctor', config]);
    expect(status).toBe(1);
    expect(out).toMatch(/\.\/gone\.js +listed, but not usable: there is no plugin file/);
    expect(out).toMatch(/@x\/optim +listed, but not usable: .*npm install @x\/optim/);
    expect(out.match(/@x\/optim +/g)).toHaveLength(1);
    expect(out).toMatch(/stub +listed/);
  });
});

describe('plugins of the command line', () => {
  it.each([['--plugins'], ['--include-package']])('with %s add components to a config', async (option) => {
    const { config, folder } = await newRun({ plugins: [CHECKPOINT] });
    expect(await at.xTrain(['train', config, '-s', folder])).toMatchObject({ status: 1 });
    const named = [option, at.path('stub.js')];
    expect(await at.xTrain(['train', config, '-s', folder, ...named])).toMatchObject({ status: 0, err: '' });
    expect(await at.xTrain([...named, 'predict', folder], '{"x":[1]}')).toMatchObject({ status: 0, err: '' });
  });

  it('that do not load are one message, and for doctor one finding', async () => {
    const named = ['--plugins', './gone.js'];
    for (const args of [['schema'], ['no-such-command']]) {
      const { status, err } = await at.xTrain([...named, ...args]);
      expect({ status, err }).toMatchObject({ status: 1, err: expect.stringContaining('X_PLUGIN_MISSING') as string });
    }
    const { status, out } = await at.xTrain(['doctor', ...named]);
    expect(status).toBe(1);
    expect(out).toMatch(/\.\/gone\.js +listed, but not usable: there is no plugin file/);
    expect(out).toMatch(/eager +usable/);
  });
});

describe('commands of plugins', () => {
  it('run with their arguments and options, and give the exit status', async () => {
    const args = ['--plugins', at.path('stub.js'), 'hello', 'world', '--times', '2'];
    expect(await at.xTrain(args)).toEqual({ status: 3, out: 'hello world\nhello world\n', err: '' });
  });

  it('are in the help', async () => {
    const { out } = await at.xTrain([`--plugins=${at.path('stub.js')}`, '--help']);
    expect(out).toMatch(/hello .*greet \(from stub\)/);
  });

  it('cannot take the name of another', async () => {
    const { status, err } = await at.xTrain(['--plugins', at.path('clash.js'), 'schema']);
    expect(status).toBe(1);
    expect(err).toContain('clash brings the command "train"');
    expect(err).toContain('[X_PLUGIN_DUPLICATE_NAME]');
  });
});

describe('the command line', () => {
  it('has help for every command', async () => {
    const { status, out } = await at.xTrain(['--help']);
    expect(status).toBe(0);
    for (const name of ['train', 'evaluate', 'predict', 'find-lr', 'print-results', 'export', 'schema', 'doctor']) {
      expect(out).toMatch(new RegExp(`^  ${name} `, 'm'));
      expect((await at.xTrain([name, '--help'])).status).toBe(0);
    }
  });

  it('has the version of the package', async () => {
    const { version } = json(require.resolve('../package.json')) as { version: string };
    expect(await at.xTrain(['--version'])).toEqual({ status: 0, out: `${version}\n`, err: '' });
  });

  it.each([
    ['an unknown command', ['trian', 'a.json'], 'Did you mean train?'],
    ['train without a folder', ['train', 'a.json'], '--serialization-dir'],
    ['weights that there are not', ['evaluate', 'run', '--weights', 'newest'], 'Allowed choices are best, latest'],
    ['another format', ['export', 'run', '--to', 'onnx', '--output', 'x'], 'expected "tfjs"'],
    ['a batch of nothing', ['predict', 'run', '--batch-size', '0'], 'expected a whole number from 1'],
    ['a config that is not there', ['train', 'nowhere.json', '-s', 'x'], 'the file does not exist'],
    ['a folder that is no run', ['evaluate', 'nowhere'], 'is not the folder of a run'],
  ])('answers %s with one message and exit status 1', async (_, args, message) => {
    const { status, err } = await at.xTrain(args);
    expect(status).toBe(1);
    expect(err).toContain(message);
    expect(err).not.toMatch(/^ +at /m);
  });
});

it('the progress display of a config takes the place of the one that x-train adds', async () => {
  const written: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  try {
    const { run } = await import('./program.js');
    const { config, folder } = await newRun({
      plugins: [...base.plugins, CLI],
      trainer: { ...trainer, callbacks: [{ type: 'console_progress', everySeconds: 30 }] },
    });
    expect(await run(['train', config, '-s', folder])).toBe(0);
  } finally {
    write.mockRestore();
  }
  expect(epochLines(written.join(''))).toHaveLength(2);
});
