import type { UpdateKernel, UpdatePlan } from './find-updates.js';
import { ENTRY, kernelCode, rowBytes, STEP_BYTES } from './kernel-code.js';
import type { StateMemory } from './memory.js';
import type { Operand } from './program-builder.js';
import { wasm } from './webassembly.js';

interface ReadyKernel {
  readonly kernel: UpdateKernel;
  readonly run: (row: number, end: number) => void;
  readonly table: number;
  readonly end: number;
}

/** The kernels of a plan, bound to the places of what they read and write. */
export class FusedUpdate {
  private readonly kernels: readonly ReadyKernel[];

  /**
   * @param addressOf where in the memory an operand stands. Tensors stand in blocks of their own, or in parts of blocks
   * that start and end at multiples of 16 bytes: what lies between their end and that multiple is overwritten.
   */
  constructor(
    { kernels }: UpdatePlan,
    private readonly memory: StateMemory,
    addressOf: (operand: Operand) => number,
  ) {
    this.kernels = kernels.map((kernel) => this.prepare(kernel));
    this.bind(addressOf);
  }

  /** Tells where its operands stand from now on. */
  bind(addressOf: (operand: Operand) => number): void {
    for (const { kernel, table } of this.kernels) {
      const rows = kernel.calls.flatMap(({ length, operands }) => [
        Math.ceil((4 * length) / STEP_BYTES) * STEP_BYTES,
        ...operands.map(addressOf),
      ]);
      this.memory.view('uint32', table, rows.length).set(rows as never);
    }
  }

  /** Writes the new values of all its states over the old ones. */
  run(): void {
    for (const { run, table, end } of this.kernels) run(table, end);
  }

  /** Frees what it has in the memory. It cannot run any more. */
  dispose(): void {
    for (const { table } of this.kernels) this.memory.release(table);
  }

  private prepare(kernel: UpdateKernel): ReadyKernel {
    const { program, calls } = kernel;
    const module = new wasm.Module(kernelCode(program));
    const instance = new wasm.Instance(module, { state: { memory: this.memory.wasm } });
    const bytes = calls.length * rowBytes(program);
    const table = this.memory.allocate(bytes);
    return { kernel, run: instance.exports[ENTRY] as ReadyKernel['run'], table, end: table + bytes };
  }
}
