import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';

import { ConfigError, ModelError } from '../errors.js';
import { quietLog, withLog } from '../log.js';
import type { ParameterGroupConfig } from './parameter-groups.js';
import { makeParameterGroups } from './parameter-groups.js';
import { ParameterSet } from './parameters.js';

function parametersOf(names: readonly string[]): ParameterSet {
  return ParameterSet.of(tf.tidy(() => Object.fromEntries(names.map((name) => [name, tf.variable(tf.zeros([1]))]))));
}

const layers = ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias', 'norm.weight', 'head.bias'];
const tagger = [
  'text_field_embedder.token_embedder_tokens.weight',
  'encoder._module.weight_ih_l0',
  'encoder._module.weight_hh_l0',
  'encoder._module.bias_ih_l0',
  'tag_projection_layer._module.weight',
];

interface Row {
  readonly case: string;
  readonly names: readonly string[];
  readonly groups: readonly ParameterGroupConfig[] | null;
  readonly made: readonly { readonly parameters: readonly string[]; readonly options: Record<string, unknown> }[];
}

// as AllenNLP 1.0 sorts them (cases of its parity data, with fewer parameters)
const rows: readonly Row[] = [
  { case: 'no groups', names: layers, groups: null, made: [{ parameters: layers, options: { lr: 1 } }] },
  { case: 'an empty list', names: layers, groups: [], made: [{ parameters: layers, options: { lr: 1 } }] },
  {
    case: 'two groups and the rest',
    names: layers,
    groups: [
      [['layers\\.0'], { lr: 0.001 }],
      [['layers\\.1'], { lr: 0.002, momentum: 0.5 }],
    ],
    made: [
      { parameters: ['layers.0.weight', 'layers.0.bias'], options: { lr: 0.001 } },
      { parameters: ['layers.1.weight', 'layers.1.bias'], options: { lr: 0.002, momentum: 0.5 } },
      { parameters: ['norm.weight', 'head.bias'], options: { lr: 1 } },
    ],
  },
  {
    case: 'anchors',
    names: layers,
    groups: [
      [['^head', 'bias$'], { weightDecay: 0 }],
      [['^norm\\.weight$'], { weightDecay: 0.5 }],
    ],
    made: [
      { parameters: ['layers.0.bias', 'layers.1.bias', 'head.bias'], options: { lr: 1, weightDecay: 0 } },
      { parameters: ['norm.weight'], options: { lr: 1, weightDecay: 0.5 } },
      { parameters: ['layers.0.weight', 'layers.1.weight'], options: { lr: 1 } },
    ],
  },
  {
    case: 'an empty rest',
    names: layers,
    groups: [[['.*'], { lr: 0.3 }]],
    made: [
      { parameters: layers, options: { lr: 0.3 } },
      { parameters: [], options: { lr: 1 } },
    ],
  },
  {
    case: 'patterns that are searched, one of them twice',
    names: tagger,
    groups: [
      [['weight_i', 'bias_', 'bias_'], { lr: 2 }],
      [['tag_projection_layer'], { lr: 3 }],
    ],
    made: [
      { parameters: ['encoder._module.weight_ih_l0', 'encoder._module.bias_ih_l0'], options: { lr: 2 } },
      { parameters: ['tag_projection_layer._module.weight'], options: { lr: 3 } },
      {
        parameters: ['text_field_embedder.token_embedder_tokens.weight', 'encoder._module.weight_hh_l0'],
        options: { lr: 1 },
      },
    ],
  },
];

it.each(rows)('groups parameters: $case', ({ names, groups, made }) => {
  const result = makeParameterGroups({ lr: 1, parameterGroups: groups }, parametersOf(names));
  expect(
    result.map(({ parameters, options }) => ({ parameters: parameters.map(({ name }) => name), options })),
  ).toEqual(made);
});

it('a parameter that patterns of two groups find is refused, and every such parameter is named', () => {
  const groups: ParameterGroupConfig[] = [
    [['layers'], {}],
    [['bias'], {}],
  ];
  const refused = (): unknown => makeParameterGroups({ parameterGroups: groups }, parametersOf(layers));
  expect(refused).toThrow(ConfigError);
  expect(refused).toThrow(/layers\.0\.bias was specified in two separate parameter groups \(numbers 0 and 1\)/);
  expect(refused).toThrow(/layers\.1\.bias was specified/);
});

it('no parameters are refused', () => {
  expect(() => makeParameterGroups({ lr: 1 }, new ParameterSet([]))).toThrow(ModelError);
});

it('a pattern that finds nothing is a warning', () => {
  const warnings: string[] = [];
  withLog({ ...quietLog, warn: (message: string) => void warnings.push(message) }, () =>
    makeParameterGroups({ parameterGroups: [[['bias', 'NOT_A_NAME'], {}]] }, parametersOf(layers)),
  );
  expect(warnings).toEqual(['When constructing parameter groups, NOT_A_NAME does not match any parameter name']);
});

it('a pattern that finds nothing is warned of once, as it was written', () => {
  const warnings: string[] = [];
  withLog({ ...quietLog, warn: (message: string) => void warnings.push(message) }, () =>
    makeParameterGroups(
      {
        parameterGroups: [
          [['a/b', 'a/b'], {}],
          [['a/b'], {}],
        ],
      },
      parametersOf(layers),
    ),
  );
  expect(warnings).toEqual(['When constructing parameter groups, a/b does not match any parameter name']);
});

describe('a group with requiresGrad: false', () => {
  // as AllenNLP 2.10
  const made = (groups: ParameterGroupConfig[]): { parameters: ParameterSet; warnings: string[]; groups: unknown } => {
    const parameters = parametersOf(layers);
    const warnings: string[] = [];
    const result = withLog({ ...quietLog, warn: (message: string) => void warnings.push(message) }, () =>
      makeParameterGroups({ lr: 1, parameterGroups: groups }, parameters),
    );
    return {
      parameters,
      warnings,
      groups: result.map(({ parameters: members, options }) => [members.map(({ name }) => name), options]),
    };
  };

  it('freezes its parameters and is left out', () => {
    const { parameters, groups, warnings } = made([
      [['layers'], { requiresGrad: false }],
      [['head'], { lr: 0.1, requiresGrad: true }],
    ]);
    expect(groups).toEqual([
      [['head.bias'], { lr: 0.1 }],
      [['norm.weight'], { lr: 1 }],
    ]);
    expect(parameters.trainable().names).toEqual(['norm.weight', 'head.bias']);
    expect(warnings).toEqual([]);
  });

  it('is warned of where it has other options', () => {
    expect(made([[['head'], { requiresGrad: false, lr: 0.5 }]]).warnings).toEqual([
      'Ignoring unused options {"lr":0.5} for head.bias: requiresGrad is false',
    ]);
  });

  it('that leaves nothing to train is refused, and freezes nothing', () => {
    const parameters = parametersOf(layers);
    const everything: ParameterGroupConfig[] = [[['.*'], { requiresGrad: false }]];
    expect(() => makeParameterGroups({ parameterGroups: everything }, parameters)).toThrow(ModelError);
    expect(parameters.trainable().size).toBe(layers.length);
  });
});

it('tells how many numbers are trained', () => {
  const told: string[] = [];
  const parameterGroups: ParameterGroupConfig[] = [[['head'], { requiresGrad: false }]];
  withLog({ ...quietLog, info: (message: string) => void told.push(message) }, () =>
    makeParameterGroups({ parameterGroups }, parametersOf(layers)),
  );
  expect(told).toContain(`Number of trainable parameters: ${layers.length - 1}`);
});

it('an option that is set to undefined is left to the optimizer', () => {
  const [group] = makeParameterGroups({ lr: 1, parameterGroups: [[['.*'], { lr: undefined }]] }, parametersOf(layers));
  expect(group!.options).toEqual({ lr: 1 });
});

it('groups have options of their own: what is written into one is not seen in another', () => {
  const [first, rest] = makeParameterGroups({ lr: 1, parameterGroups: [[['bias'], {}]] }, parametersOf(layers));
  first!.options['lr'] = 5;
  expect(rest!.options['lr']).toBe(1);
});
