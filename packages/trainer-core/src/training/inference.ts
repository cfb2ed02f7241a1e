import type { Batch, Outputs } from '../contracts/batch.js';
import type { Engine, Program } from '../contracts/engine.js';
import type { ModelLike } from '../contracts/model.js';
import { evaluateProgram } from '../programs/evaluate.js';
import { NamedState } from '../state/named-state.js';

/** A model that answers, not in training, on an engine. */
export class Inference {
  private readonly state: NamedState;
  private readonly program: Program;

  constructor(
    private readonly engine: Engine,
    model: ModelLike,
  ) {
    this.state = stateOfModel(model);
    this.program = evaluateProgram((batch) => model.forward(batch, { training: false }));
  }

  /**
   * All outputs for a batch, which stays the caller's; the outputs are the caller's too.
   *
   * @throws EngineError if the engine is not usable, and what the model throws, as it is.
   */
  async run(batch: Batch): Promise<Outputs> {
    await this.engine.prepare();
    const { outputs } = await this.engine.run(this.program, this.state, { batch });
    return outputs;
  }
}

const states = new WeakMap<ModelLike, NamedState>();

/**
 * The variables of a model as engines see them where nothing is trained. It is the same for each call with a model, so that
 * an engine finds what it has compiled for it.
 */
export function stateOfModel(model: ModelLike): NamedState {
  const state = states.get(model) ?? new NamedState();
  states.set(model, state);
  for (const [name, variable] of Object.entries(model.namedVariables())) state.define(`parameters/${name}`, variable);
  for (const [name, variable] of Object.entries(model.namedBuffers?.() ?? {}))
    state.define(`buffers/${name}`, variable);
  return state;
}
