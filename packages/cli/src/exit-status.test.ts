import { ConfigError, InterruptedError, ModelError, NonFiniteError } from '@x/trainer-core';

import { explainFailure } from './exit-status.js';

describe('explainFailure', () => {
  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['abort', 1],
  ])('maps an interruption by %s to %d', (reason, status) => {
    expect(explainFailure(new InterruptedError('saved', reason))).toEqual({ lines: ['saved'], status });
  });

  it('shows the message and the code of our own errors, and no stack', () => {
    expect(explainFailure(new NonFiniteError('X_NAN_LOSS', 'the loss is NaN'))).toEqual({
      lines: ['error: the loss is NaN [X_NAN_LOSS]'],
      status: 1,
    });
  });

  it('does not repeat a code that the message has', () => {
    const error = ConfigError.of('X_CONFIG_UNKNOWN_KEY', 'trainer.lr', 'unknown key');
    expect(explainFailure(error).lines[0]!.match(/X_/g)).toHaveLength(1);
  });

  it("shows where a model failed: the places of the stack that are in the user's own files", () => {
    const cause = new TypeError('x is undefined');
    cause.stack = [
      'TypeError: x is undefined',
      '    at gather (/home/me/node_modules/@tensorflow/tfjs-core/dist/index.js:1:2)',
      '    at Tagger.forward (file:///home/me/tagger.js:3:4)',
      '    at new Promise (<anonymous>)',
      '    at node:internal/timers:5:6',
    ].join('\n');

    expect(explainFailure(new ModelError('X_MODEL_INVALID', 'forward() failed', { cause })).lines).toEqual([
      'error: forward() failed [X_MODEL_INVALID]',
      '    at Tagger.forward (file:///home/me/tagger.js:3:4)',
    ]);
  });

  it('shows the stack of what it does not know, and asks for a report', () => {
    const { lines, status } = explainFailure(new RangeError('boom'));
    expect(status).toBe(1);
    expect(lines[0]).toContain('report');
    expect(lines[1]).toContain('RangeError: boom');
  });
});
