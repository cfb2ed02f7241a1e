/** Bytes of WebAssembly's binary format (WebAssembly core specification 2.0, chapter 5). */
export type Code = readonly number[];

/** Value types. */
export const I32 = 0x7f;
export const V128 = 0x7b;

/** LEB128 of a whole number from 0. */
export function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest % 128;
    rest = Math.floor(rest / 128);
    bytes.push(rest > 0 ? low + 128 : low);
  } while (rest > 0);
  return bytes;
}

/** LEB128 of a number of 32 bits with its sign. */
export function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** A vector: how many, then each. */
export function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

/** Bytes with their number in front. */
export function sized(bytes: Code): Code {
  return [...unsigned(bytes.length), ...bytes];
}

const text = (name: string): Code => sized([...Buffer.from(name)]);
const section = (id: number, content: Code): Code => [id, ...sized(content)];

/** A function of 32-bit numbers without a result. Locals are numbered from 0, parameters first. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  /** The types of further locals, how many of each. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  readonly body: Code;
}

/** A module that imports its memory as `state.memory`, and exports one function. */
export function moduleOf({ name, parameters, locals, body }: WasmFunction): Uint8Array {
  const type = [0x60, ...list(Array.from({ length: parameters }, () => [I32])), ...list([])];
  const memory = [...text('state'), ...text('memory'), 0x02, 0x00, ...unsigned(1)];
  const code = [...list(locals.map(([count, of]) => [...unsigned(count), of])), ...body, op.end].flat();
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list([type])),
    ...section(2, list([memory])),
    ...section(3, list([unsigned(0)])),
    ...section(7, list([[...text(name), 0x00, ...unsigned(0)]])),
    ...section(10, list([sized(code)])),
  ]);
}

/** Instructions without an immediate. */
export const op = {
  end: 0x0b,
  i32Add: 0x6a,
  i32LessThanUnsigned: 0x49,
  i32GreaterOrEqualUnsigned: 0x4f,
} as const;

export const block = (body: Code): Code => [0x02, 0x40, ...body, op.end];
export const loop = (body: Code): Code => [0x03, 0x40, ...body, op.end];
/** @param depth 0 for the innermost block or loop. */
export const branch = (depth: number): Code => [0x0c, ...unsigned(depth)];
export const branchIf = (depth: number): Code => [0x0d, ...unsigned(depth)];
export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number): Code => [0x21, ...unsigned(local)];
export const i32 = (value: number): Code => [0x41, ...signed(value)];
/** @param offset added to the address on the stack. */
export const i32Load = (offset: number): Code => [0x28, 2, ...unsigned(offset)];

const simd = (code: number): Code => [0xfd, ...unsigned(code)];

/** Instructions on four float32, or on the 128 bits. */
export const v128 = {
  load: (offset: number): Code => [...simd(0x00), 2, ...unsigned(offset)],
  /** One float32 four times. */
  loadSplat: (offset: number): Code => [...simd(0x09), 2, ...unsigned(offset)],
  store: (offset: number): Code => [...simd(0x0b), 2, ...unsigned(offset)],
  /** A float32 four times. */
  float: (value: number): Code => bits(new Uint8Array(Float32Array.of(value, value, value, value).buffer)),
  not: simd(0x4d),
  and: simd(0x4e),
  or: simd(0x50),
  /** Of three: the first where the third is 1, the second where it is 0. */
  select: simd(0x52),
  eq: simd(0x41),
  ne: simd(0x42),
  lt: simd(0x43),
  gt: simd(0x44),
  le: simd(0x45),
  ge: simd(0x46),
  abs: simd(0xe0),
  neg: simd(0xe1),
  sqrt: simd(0xe3),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  div: simd(0xe7),
  /** NaN if one is. */
  min: simd(0xe8),
  max: simd(0xe9),
  /** b < a ? b : a */
  pmin: simd(0xea),
  /** a < b ? b : a */
  pmax: simd(0xeb),
} as const;

function bits(bytes: Uint8Array): Code {
  return [...simd(0x0c), ...bytes];
}
