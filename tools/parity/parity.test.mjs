import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TrainerError } from '@x/trainer-core';

import { knownDifference } from './known-differences.mjs';
import { compare } from './lib/compare.mjs';
import { judge, summary, tally, testCounts, uncoveredCases } from './lib/judge.mjs';
import { Mismatch, NotCovered } from './lib/outcome.mjs';

const same = (expected, received, tolerance = 0) => compare(expected, received, 'value', tolerance);
const differs = (expected, received, message, tolerance = 0) =>
  assert.throws(() => same(expected, received, tolerance), { name: 'Mismatch', message });

test('numbers may differ by the tolerance, relative to the larger of 1 and the expected', () => {
  same(0, 0.009, 0.01);
  same(-1000, -1009, 0.01);
  differs(0, 0.011, 'value: expected 0, received 0.011', 0.01);
  differs(-1000, -1011, 'value: expected -1000, received -1011', 0.01);
});

test('non-finite numbers stand as strings and match only themselves', () => {
  same('NaN', Number.NaN);
  same(['Infinity', '-Infinity'], [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
  assert.throws(() => same('NaN', 1, 1e9), Mismatch);
  assert.throws(() => same(1, Number.NaN, 1e9), Mismatch);
  assert.throws(() => same('Infinity', Number.NEGATIVE_INFINITY, 1e9), Mismatch);
});

test('the place of a difference is the way to it', () => {
  differs({ steps: [{ lr: [1] }] }, { steps: [{ lr: [2] }] }, 'value.steps[0].lr[0]: expected 1, received 2');
});

test('lists have equal lengths; objects may have more keys than are pinned, none less', () => {
  differs([1], [1, 2], 'value: expected [1], received [1,2]');
  differs([1], undefined, 'value: expected [1], received nothing');
  same({ a: 1 }, { a: 1, b: 2 });
  differs({ a: 1 }, { b: 2 }, 'value.a: expected 1, received nothing');
});

test('null matches a missing value, and nothing else', () => {
  same({ a: null }, {});
  differs(null, 0, 'value: expected null, received 0');
  differs(true, 1, 'value: expected true, received 1');
});

const failing = (error, fixture = {}) => ({ name: 'a case', fixture, run: () => Promise.reject(error) });
const asMeant = () => 'it is meant to differ';
const never = () => null;

test('a case passes, differs, differs as meant, or is not covered', async () => {
  const mismatch = new Mismatch('lr', 1, 2);
  assert.deepEqual(await judge({ name: 'a case', run: () => undefined }, 'any', asMeant), {
    name: 'a case',
    outcome: 'passed',
  });
  assert.deepEqual(await judge(failing(mismatch), 'any', never), {
    name: 'a case',
    outcome: 'failed',
    detail: 'lr: expected 1, received 2',
  });
  assert.deepEqual(await judge(failing(mismatch), 'any', asMeant), {
    name: 'a case',
    outcome: 'known',
    detail: 'it is meant to differ',
  });
  assert.deepEqual(await judge(failing(new NotCovered('optimizer "rprop"')), 'any', asMeant), {
    name: 'a case',
    outcome: 'uncovered',
    detail: 'optimizer "rprop"',
  });
});

test('a config that is refused may be meant to be', async () => {
  const refused = new TrainerError('X_CONFIG', 'expected boolean, received number 1');
  const atConfig = (family, fixture, at) => (at === 'the config' ? 'types are strict' : null);
  assert.equal((await judge(failing(refused), 'any', atConfig)).outcome, 'known');
  assert.equal((await judge(failing(refused), 'any', never)).outcome, 'failed');
});

test('a crash is a failure, also where a difference is meant', async () => {
  const { outcome, detail } = await judge(failing(new TypeError('x is not a function')), 'any', asMeant);
  assert.equal(outcome, 'failed');
  assert.match(detail, /x is not a function/);
});

test('the outcomes are counted; for the test counts a meant difference is a pass', () => {
  const counts = tally(['passed', 'passed', 'known', 'failed', 'uncovered'].map((outcome) => ({ outcome })));
  assert.equal(summary(counts), 'parity: 2 passed, 1 failed, 1 known differences, 1 not yet covered');
  assert.deepEqual(testCounts(counts), { passed: 3, failed: 1, skipped: 1 });
});

test('a file that no family reads counts with every case, or as one run', () => {
  assert.deepEqual(
    uncoveredCases({ cases: [{ name: 'first' }, {}] }).map(({ name, outcome }) => [name, outcome]),
    [
      ['first', 'uncovered'],
      ['cases[1]', 'uncovered'],
    ],
  );
  assert.equal(uncoveredCases({ trainer: {} }).length, 1);
});

const averaged = { trainer: { optimizer: { type: 'sgd' }, moving_average: { decay: 0.9 } } };

test('a resume with a moving average may differ once it is resumed, not before, and not from an uninterrupted run', () => {
  const recorded = { ...averaged, resumed: 'as recorded' };
  assert.match(knownDifference('trainer', recorded, 'phase 1: batches[0].losses[0]'), /moving average/);
  assert.equal(knownDifference('trainer', recorded, 'phase 0: batches[0].losses[0]'), null);
  assert.equal(knownDifference('trainer', { ...averaged, resumed: 'exactly' }, 'final_parameters.w[0]'), null);
  assert.equal(knownDifference('trainer', averaged, 'final_parameters.w[0]'), null);
});

test('only where an error was expected may a momentum scheduler run on Adam', () => {
  const fixture = (type) => ({ optimizer: { type }, scheduler: { type: 'inverted_triangular' } });
  assert.match(knownDifference('momentum', fixture('adam'), 'the error'), /beta of Adam/);
  assert.equal(knownDifference('momentum', fixture('adam'), 'after_construct[0]'), null);
  assert.equal(knownDifference('momentum', fixture('sgd'), 'the error'), null);
});

test('a tracker may differ where a NaN was fed', () => {
  assert.match(knownDifference('metric tracker', { metrics: ['NaN', 1] }, 'after_each[0].is_best_so_far'), /NaN/);
  assert.equal(knownDifference('metric tracker', { metrics: [2, 1] }, 'after_each[0].is_best_so_far'), null);
});

test('gradual unfreezing may differ from 1.0 only', () => {
  const fixture = (allennlp) => ({
    allennlp,
    scheduler: { gradual_unfreezing: true },
    optimizer: {
      parameter_groups: [
        [['a'], {}],
        [['b'], {}],
      ],
    },
  });
  assert.match(knownDifference('schedulers', fixture('1.0.0'), 'epochs[1].requires_grad[0]'), /unfreezing/);
  assert.equal(knownDifference('schedulers', fixture('2.10.1'), 'epochs[1].requires_grad[0]'), null);
});

test("where Python's leniency changes a parameter, types may be strict", () => {
  const dog = (params, ok) => knownDifference('from params', { params, ok }, 'what is built');
  assert.match(dog({ age: true }, { age: 1 }), /strict/);
  assert.match(dog({ name: null }, { name: null }), /strict/);
  assert.match(dog({ friend: { age: true } }, { friend: { age: 1 } }), /strict/);
  assert.match(dog({ pair: ['a', 'dog', 'x'] }, { pair: ['a', {}] }), /strict/);
  assert.match(dog({ pair: ['a'] }, { pair: ['a'] }), /strict/);
  assert.match(dog({ raw: 5 }, { raw: 5 }), /strict/);
  assert.match(dog({ type: 'zoo.Dog' }, {}), /imported by their path/);
  assert.equal(dog({ age: 3, flag: true, lives: null }, { age: 3, flag: true, lives: null }), null);
  assert.equal(dog({ raw: { a: true } }, { raw: { a: true } }), null);
  assert.equal(dog({ age: true }, undefined), null);
});

test('a text that Python reads as a number may be refused, a number may not', () => {
  const pop = (value, ok) => knownDifference('params', { op: "pop_int('a')", params: { a: value }, ok }, 'the value');
  assert.match(pop('7', 7), /strict/);
  assert.equal(pop(7, 7), null);
});

test('hashes may differ where a float has no fraction', () => {
  const hash = (dumped) => knownDifference('params', { dumped }, 'the hash');
  assert.match(hash('{"x": [1.0, 2]}'), /1.0 is 1/);
  assert.equal(hash('{"x": [1.5, 2], "v1.0": 3}'), null);
});

test('only epochs and patience may change when a run goes on', () => {
  const recovered = (...keys) => {
    const lines = keys.map((key) => `Value for '${key}' in training configuration does not match: 1 != 2`);
    return knownDifference('serialization dir', { recover: true, error_log_lines: lines }, 'the error');
  };
  assert.match(recovered('trainer.num_epochs', 'trainer.patience'), /may change/);
  assert.equal(recovered('trainer.num_epochs', 'trainer.lr'), null);
});

test('only what is no folder of a run may be kept from force', () => {
  const forced = (files) => knownDifference('serialization dir', { force: true, existing_files: files }, 'the run');
  assert.match(forced({ 'thesis.tex': 'x' }), /config.json/);
  assert.equal(forced({ 'config.json': {} }), null);
  assert.equal(forced({}), null);
  assert.equal(forced(null), null);
});

test('only a checkpoint within an epoch whose end is saved too may lose its rank', () => {
  const fixture = (ok, files) => ({ looksFor: 'newest', ok: [ok], files });
  const within = 'model_state_epoch_3.2020-06-16-10-20-30.th';
  const end = 'model_state_epoch_3.th';
  assert.match(knownDifference('checkpointer', fixture(within, [within, end]), 'the newest'), /end of an epoch/);
  assert.equal(knownDifference('checkpointer', fixture(within, [within]), 'the newest'), null);
  assert.equal(knownDifference('checkpointer', fixture(end, [within, end]), 'the newest'), null);
});

test('of a resumed run of 2.10 only the metrics of the epoch that was interrupted may differ', () => {
  const fixture = (resumed) => ({ resumed, trainer: {} });
  assert.match(knownDifference('trainer v2', fixture('epoch metrics'), 'phase 1: epoch metrics[0].mae'), /so far/);
  assert.equal(knownDifference('trainer v2', fixture('as recorded'), 'phase 1: batches[0].losses[0]'), null);
});

test('of the train command, what a run leaves may differ where it did not start, nothing else of it', () => {
  const refused = { flags: {}, config: {}, changes: [], error: { type: 'ConfigurationError' } };
  const command = (fixture, at) => knownDifference('train command', fixture, at);
  assert.match(command(refused, 'the files, of which there are none'), /could not start/);
  assert.equal(command(refused, 'the files[2]'), null);
  assert.equal(command(refused, 'the error'), null);
  const interrupted = { ...refused, error: { type: 'KeyboardInterrupt' } };
  assert.equal(command(interrupted, 'the files, of which there are none'), null);
});

test('of the train command, only epochs and patience may change when a run goes on', () => {
  const recovered = (...changes) => ({
    flags: { recover: true },
    config: {},
    changes,
    error: { type: 'ConfigurationError' },
  });
  const at = (fixture) => knownDifference('train command', fixture, 'the error');
  assert.match(at(recovered('trainer.num_epochs', 'trainer.patience')), /may change/);
  assert.equal(at(recovered('trainer.num_epochs', 'model.n_in')), null);
  assert.equal(at(recovered()), null);
});

test('a trainer may refuse what means nothing, and only that', () => {
  const refusal = (trainer) =>
    knownDifference('trainer', { trainer: { optimizer: { type: 'sgd' }, ...trainer } }, 'the config');
  assert.match(refusal({ grad_clipping: -0.1 }), /means nothing/);
  assert.match(refusal({ moving_average: { decay: 1.5 } }), /means nothing/);
  assert.match(refusal({ patience: true }), /means nothing/);
  assert.equal(refusal({ grad_clipping: 0.1, patience: 2, moving_average: { decay: 0.9 } }), null);
});

test('a trainer may have nothing to train, and only then be refused before training', () => {
  const refusal = (patterns) =>
    knownDifference(
      'trainer',
      { trainer: { no_grad: patterns }, initial_parameters: { 'a.weight': {}, 'b.weight': {} } },
      'the config',
    );
  assert.match(refusal(['weight']), /nothing to train/);
  assert.equal(refusal(['^a']), null);
});

test('what only another version has may be known', () => {
  const error = (trainer) => knownDifference('trainer v2', { trainer, result: {} }, 'the error');
  assert.match(error({ optimizer: { type: 'SGD' } }), /both versions/);
  assert.match(error({ learning_rate_scheduler: { type: 'linear_with_warmup' } }), /both versions/);
  assert.equal(error({ optimizer: { type: 'sgd' } }), null);
});
