import * as tf from '@tensorflow/tfjs-core';

import { tensorsIn } from '../../contracts/batch.js';
import type { Outputs } from '../../contracts/batch.js';
import type { EngineProbe, RunRequest, RunResult } from '../../contracts/engine.js';
import { Transaction } from '../../engine/transaction.js';
import { EngineError } from '../../errors.js';
import { hostRandom } from '../../random/step-random.js';
import type { NamedState } from '../../state/named-state.js';
import { CompiledEngine } from '../compiled-engine.js';
import type { CompiledEngineOptions } from '../compiled-engine.js';
import type { CompiledProgram } from '../compiled-program.js';
import type { InputSource, TracedProgram } from '../trace-program.js';
import { ReplayTarget } from './replay-target.js';
import type { ReplayValue } from './replay-target.js';

export interface ReplayOptions extends Partial<CompiledEngineOptions> {
  /** Kernels that it does not have. */
  readonly refused?: readonly string[];
}

/** The smallest compiled engine: it replays the kernels of a trace on tfjs's cpu backend. */
export class ReplayEngine extends CompiledEngine<ReplayValue, ReplayTarget> {
  override readonly name: string = 'replay';
  /** Names of the programs that it compiled, and freed, in order. */
  readonly compiled: string[] = [];
  readonly disposed: string[] = [];
  /** What is done to results of compiled programs before they leave, to see what happens then. */
  distort: (name: string, tensor: tf.Tensor) => tf.Tensor = (_, tensor) => tensor;
  private readonly refused: ReadonlySet<string>;

  constructor({ refused = [], ...options }: ReplayOptions = {}) {
    super({ onFailure: 'error', traceTwice: true, validate: 0, compileAfter: 0, maxPrograms: 64, ...options });
    this.refused = new Set(refused);
  }

  override probe(): Promise<EngineProbe> {
    return this.eager.probe();
  }

  protected override newTarget(): ReplayTarget {
    return new ReplayTarget(this.refused);
  }

  protected override compile(target: ReplayTarget, traced: TracedProgram<ReplayValue>): CompiledProgram {
    if (traced.outputs.has('cannot be compiled'))
      throw new EngineError('X_ENGINE_NOT_COMPILABLE', 'it is refused late');
    this.compiled.push(traced.name);
    return {
      run: (state, request) => replay(target, traced, state, request, this.distort),
      dispose: () => void this.disposed.push(traced.name),
    };
  }
}

function replay(
  target: ReplayTarget,
  traced: TracedProgram<ReplayValue>,
  state: NamedState,
  request: RunRequest,
  distort: (name: string, tensor: tf.Tensor) => tf.Tensor,
): RunResult {
  const transaction = new Transaction(state);
  const outputs: Outputs = {};
  try {
    tf.tidy(() => {
      const inputs = new Map(traced.inputs.map(({ source }) => [nameOf(source), elements(source, state, request)]));
      const random = request.random && hostRandom(request.random);
      const draws = target.sites.map(({ kind, shape }) => random![kind](shape));
      const known = new Map<ReplayValue, tf.Tensor>();
      const valueOf = (value: ReplayValue): tf.Tensor => {
        const tensor = known.get(value) ?? value.compute(valueOf, { inputs, draws });
        known.set(value, tensor);
        return tensor;
      };
      for (const [name, value] of traced.outputs) {
        outputs[name] = tf.keep(tf.clone(distort(`output/${name}`, valueOf(value))));
      }
      for (const [name, value] of traced.writes) {
        transaction.write(name, value && distort(`write/${name}`, valueOf(value)));
      }
    });
    const { commitIf = 'always' } = request;
    const passes = commitIf === 'finite' ? Number.isFinite : (x: number): boolean => !Number.isNaN(x);
    const committed =
      commitIf === 'always' || traced.guards.every((guard) => outputs[guard]?.dataSync().every(passes) ?? true);
    if (committed) transaction.commit();
    return { outputs, committed, written: new Set(traced.writes.keys()) };
  } catch (error) {
    tf.dispose(outputs);
    throw error;
  } finally {
    transaction.release();
  }
}

/** The name that the target was given. */
function nameOf(source: InputSource): string {
  if (source.kind === 'batch') return `batch/${source.index}`;
  return `${source.kind}/${source.kind === 'variable' ? source.variable.name : source.name}`;
}

function elements(source: InputSource, state: NamedState, { batch = {}, numbers = {} }: RunRequest): tf.Tensor {
  switch (source.kind) {
    case 'batch':
      return tensorsIn(batch)[source.index]!;
    case 'number':
      return tf.scalar(numbers[source.name]!);
    case 'state':
      return state.get(source.name)!;
    case 'variable':
      return source.variable;
  }
}
