import { Graph } from '../graph/graph.js';
import { findUpdates } from './find-updates.js';
import { FusedUpdate } from './fused-update.js';
import { StateMemory } from './memory.js';

describe('FusedUpdate', () => {
  it('writes in place, frees what it took, and outlives growth of the memory', () => {
    const g = new Graph();
    const [w, gradient, lr] = [
      g.input('w', [5], 'float32'),
      g.input('g', [5], 'float32'),
      g.input('lr', [], 'float32'),
    ];
    const plan = findUpdates([{ name: 'w', before: w, after: g.sub(w, g.mul(gradient, lr)) }]);
    const memory = new StateMemory();
    const places = new Map([w, gradient, lr].map((value) => [value, memory.allocate(4 * value.size)]));
    const before = memory.allocatedBytes;
    const update = new FusedUpdate(plan, memory, (operand) =>
      places.get(operand.kind === 'state' ? w : operand.value)!,
    );
    memory.allocate(2 ** 20);
    memory.float32(places.get(w)!, 5).set([1, 2, 3, 4, 5]);
    memory.float32(places.get(gradient)!, 5).set([1, 1, 2, 2, 4]);
    memory.float32(places.get(lr)!, 1).set([0.5]);
    update.run();
    expect(memory.float32(places.get(w)!, 5)).toEqual(Float32Array.of(0.5, 1.5, 2, 3, 3));
    memory.float32(places.get(lr)!, 1).set([0.25]);
    update.run();
    expect(memory.float32(places.get(w)!, 5)).toEqual(Float32Array.of(0.25, 1.25, 1.5, 2.5, 2));
    update.dispose();
    expect(memory.allocatedBytes).toBe(before + 2 ** 20);
  });

  it('works elsewhere when it is told so', () => {
    const g = new Graph();
    const w = g.input('w', [5], 'float32');
    const plan = findUpdates([{ name: 'w', before: w, after: g.mul(w, g.scalar(3)) }]);
    const memory = new StateMemory();
    const [first, second] = [memory.allocate(20), memory.allocate(20)];
    memory.float32(first, 32).fill(1);
    const update = new FusedUpdate(plan, memory, () => first);
    update.bind(() => second);
    update.run();
    expect(memory.float32(first, 5)).toEqual(new Float32Array(5).fill(1));
    expect(memory.float32(second, 5)).toEqual(new Float32Array(5).fill(3));
    update.dispose();
  });

  it('does nothing where kernels write nothing', () => {
    const memory = new StateMemory();
    const update = new FusedUpdate(findUpdates([]), memory, () => 0);
    update.run();
    update.dispose();
    expect(memory.allocatedBytes).toBe(0);
  });
});
