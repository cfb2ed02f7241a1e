import type { TypedArray, Value } from '../../graph/value.js';
import { emit } from '../../onnx/emit.js';
import { encodeModel } from '../../onnx/model.js';
import { loadOnnxRuntime } from '../../run/onnxruntime.js';
import type { WrittenState } from '../elementwise.js';
import { findUpdates } from '../find-updates.js';
import type { UpdatePlan } from '../find-updates.js';
import { FusedUpdate } from '../fused-update.js';
import { interpret } from '../interpret.js';
import { StateMemory } from '../memory.js';
import type { Operand } from '../program-builder.js';

/** What is fed, by the names of the inputs. */
export type Feeds = Readonly<Record<string, Float32Array>>;

/** New state by name. */
export type NewState = Readonly<Record<string, Float32Array>>;

/** What ONNX Runtime computes. */
export function onOnnxRuntime(values: readonly Value[], feeds: Feeds): Float32Array[] {
  if (values.length === 0) return [];
  const ort = loadOnnxRuntime();
  const outputs = values.map((value, i) => ({ name: `out${i}`, value }));
  const model = emit(outputs);
  const session = ort.createSession(encodeModel(model), { logSeverityLevel: 3 });
  try {
    const tensors = model.inputs.map(({ name, dtype, shape }) => [
      name,
      new ort.Tensor(dtype as 'float32', feeds[name]!, shape),
    ]);
    const fetches = Object.fromEntries(outputs.map(({ name }) => [name, null]));
    const results = session.run(Object.fromEntries(tensors) as never, fetches, {});
    return outputs.map(({ name }) => Float32Array.from(results[name]!.data as Float32Array));
  } finally {
    session.dispose();
  }
}

/** The new states as a graph gives them. */
export function byGraph(states: readonly WrittenState[], feeds: Feeds): NewState {
  const results = onOnnxRuntime(
    states.map(({ after }) => after),
    feeds,
  );
  return Object.fromEntries(states.map(({ name }, i) => [name, results[i]!]));
}

/** The new states that kernels write, where memory was full of NaN before. */
export function byKernels(states: readonly WrittenState[], feeds: Feeds, plan = findUpdates(states)): NewState {
  const memory = new StateMemory({ initialBytes: 2 ** 22 });
  memory.view('uint32', 64, memory.totalBytes / 4 - 16).fill(0x7fc00000 as never);
  const places = new Map<string | Value, number>();
  const put = (key: string | Value, data: TypedArray): void => {
    const address = memory.allocate(data.byteLength);
    memory.float32(address, data.length).set(data as Float32Array);
    places.set(key, address);
  };
  const { stateFeeds, operands } = before(states, feeds, plan);
  for (const [name, data] of stateFeeds) put(name, data);
  for (const [value, data] of operands) put(value, data);
  const update = new FusedUpdate(plan, memory, (operand) => places.get(keyOf(operand))!);
  update.run();
  update.dispose();
  return Object.fromEntries(
    [...stateFeeds].map(([name, { length }]) => [name, memory.float32(places.get(name)!, length).slice()]),
  );
}

/** The same as the meaning of the programs has it. */
export function byInterpreter(states: readonly WrittenState[], feeds: Feeds, plan = findUpdates(states)): NewState {
  const { stateFeeds, operands } = before(states, feeds, plan);
  const arrays = new Map<string | Value, Float32Array>([...stateFeeds, ...operands]);
  for (const { program, calls } of plan.kernels) {
    for (const call of calls)
      interpret(
        program,
        call.operands.map((operand) => arrays.get(keyOf(operand))!),
      );
  }
  return Object.fromEntries([...stateFeeds.keys()].map((name) => [name, arrays.get(name)!]));
}

/** The numbers as they are, so that -0 differs from 0, and which NaN it is does not count. */
export function expectSame(actual: NewState, expected: NewState): void {
  for (const [name, data] of Object.entries(actual)) expect({ name, data }).toEqual({ name, data: expected[name] });
}

function before(
  states: readonly WrittenState[],
  feeds: Feeds,
  { written, operands }: UpdatePlan,
): { stateFeeds: Map<string, Float32Array>; operands: Map<Value, Float32Array> } {
  const results = onOnnxRuntime(operands, feeds);
  const feedOf = (name: string): Float32Array => {
    const input = states.find((state) => state.name === name)!.before;
    return feeds[input.attributes['name'] as string]!.slice();
  };
  return {
    stateFeeds: new Map(written.map((name) => [name, feedOf(name)])),
    operands: new Map(operands.map((value, i) => [value, results[i]!])),
  };
}

function keyOf(operand: Operand): string | Value {
  return operand.kind === 'state' ? operand.name : operand.value;
}
