import type { DescMessage } from '@bufbuild/protobuf';
import { create, createFileRegistry, fromBinary, fromJson, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** The values of a tensor, counted in buckets. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  /** The number of values. */
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** The upper ends of the buckets, exclusive, in increasing order. */
  readonly bucketLimit: readonly number[];
  /** The number of values in each. */
  readonly bucket: readonly number[];
}

/** One point of a curve, or one slice of a histogram over time. */
export type SummaryValue =
  { readonly tag: string; readonly simpleValue: number } | { readonly tag: string; readonly histogram: Histogram };

/** What one record of an event file says. */
export interface Event {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  /** In the first event of a file only: `brain.Event:2`. */
  readonly fileVersion?: string;
  readonly values: readonly SummaryValue[];
}

/**
 * The messages of TensorBoard's event files, as far as curves and histograms need them: `event.proto`, `summary.proto`
 * and `histogram.proto` of https://github.com/tensorflow/tensorboard/tree/master/tensorboard/compat/proto
 */
const file = createFileRegistry(
  fromJson(FileDescriptorProtoSchema, {
    name: 'event.proto',
    package: 'tensorboard',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Event',
        oneofDecl: [{ name: 'what' }],
        field: [
          { name: 'wall_time', number: 1, type: 'TYPE_DOUBLE', label: 'LABEL_OPTIONAL' },
          { name: 'step', number: 2, type: 'TYPE_INT64', label: 'LABEL_OPTIONAL' },
          { name: 'file_version', number: 3, type: 'TYPE_STRING', label: 'LABEL_OPTIONAL', oneofIndex: 0 },
          {
            name: 'summary',
            number: 5,
            type: 'TYPE_MESSAGE',
            typeName: '.tensorboard.Summary',
            label: 'LABEL_OPTIONAL',
            oneofIndex: 0,
          },
        ],
      },
      {
        name: 'Summary',
        field: [
          {
            name: 'value',
            number: 1,
            type: 'TYPE_MESSAGE',
            typeName: '.tensorboard.Summary.Value',
            label: 'LABEL_REPEATED',
          },
        ],
        nestedType: [
          {
            name: 'Value',
            oneofDecl: [{ name: 'value' }],
            field: [
              { name: 'tag', number: 1, type: 'TYPE_STRING', label: 'LABEL_OPTIONAL' },
              { name: 'simple_value', number: 2, type: 'TYPE_FLOAT', label: 'LABEL_OPTIONAL', oneofIndex: 0 },
              {
                name: 'histo',
                number: 5,
                type: 'TYPE_MESSAGE',
                typeName: '.tensorboard.HistogramProto',
                label: 'LABEL_OPTIONAL',
                oneofIndex: 0,
              },
            ],
          },
        ],
      },
      {
        name: 'HistogramProto',
        field: [
          { name: 'min', number: 1, type: 'TYPE_DOUBLE', label: 'LABEL_OPTIONAL' },
          { name: 'max', number: 2, type: 'TYPE_DOUBLE', label: 'LABEL_OPTIONAL' },
          { name: 'num', number: 3, type: 'TYPE_DOUBLE', label: 'LABEL_OPTIONAL' },
          { name: 'sum', number: 4, type: 'TYPE_DOUBLE', label: 'LABEL_OPTIONAL' },
          { name: 'sum_squares', number: 5, type: 'TYPE_DOUBLE', label: 'LABEL_OPTIONAL' },
          { name: 'bucket_limit', number: 6, type: 'TYPE_DOUBLE', label: 'LABEL_REPEATED' },
          { name: 'bucket', number: 7, type: 'TYPE_DOUBLE', label: 'LABEL_REPEATED' },
        ],
      },
    ],
  }),
  () => undefined,
);

const EventSchema: DescMessage = file.getMessage('tensorboard.Event')!;

type Choice<K extends string, T> = { readonly case: K; readonly value: T };

/** An event as the message library has it. */
interface EventMessage {
  readonly wallTime: number;
  readonly step: bigint;
  readonly what:
    | Choice<'fileVersion', string>
    | Choice<'summary', { readonly value: readonly ValueMessage[] }>
    | { readonly case?: undefined };
}

interface ValueMessage {
  readonly tag: string;
  readonly value: Choice<'simpleValue', number> | Choice<'histo', Histogram> | { readonly case?: undefined };
}

/** An event in protobuf's binary format. */
export function encodeEvent({ wallTime, step, fileVersion, values }: Event): Uint8Array {
  const message: EventMessage = {
    wallTime,
    step: BigInt(step),
    what:
      fileVersion === undefined
        ? { case: 'summary', value: { value: values.map(encodeValue) } }
        : { case: 'fileVersion', value: fileVersion },
  };
  return toBinary(EventSchema, create(EventSchema, { ...message }));
}

/** The event in a record. Values of kinds that we do not know are left out. */
export function decodeEvent(bytes: Uint8Array): Event {
  const { wallTime, step, what } = fromBinary(EventSchema, bytes) as unknown as EventMessage;
  return {
    wallTime,
    step: Number(step),
    ...(what.case === 'fileVersion' ? { fileVersion: what.value } : {}),
    values: what.case === 'summary' ? what.value.value.flatMap(decodeValue) : [],
  };
}

function encodeValue(value: SummaryValue): ValueMessage {
  return {
    tag: value.tag,
    value:
      'histogram' in value
        ? { case: 'histo', value: value.histogram }
        : { case: 'simpleValue', value: Math.fround(value.simpleValue) },
  };
}

function decodeValue({ tag, value }: ValueMessage): SummaryValue[] {
  if (value.case === 'simpleValue') return [{ tag, simpleValue: value.value }];
  if (value.case === 'histo') {
    const { min, max, num, sum, sumSquares, bucketLimit, bucket } = value.value;
    return [{ tag, histogram: { min, max, num, sum, sumSquares, bucketLimit, bucket } }];
  }
  return [];
}
