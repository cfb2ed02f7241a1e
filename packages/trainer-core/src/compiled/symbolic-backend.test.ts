import '@tensorflow/tfjs-layers';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';

import { registerKernels, SYMBOLIC, symbolicBackend } from './symbolic-backend.js';

it('has every kernel of the backends that are there, and those it is told', () => {
  registerKernels(['KernelOfMine']);
  const names = new Set(tf.getKernelsForBackend(SYMBOLIC).map(({ kernelName }) => kernelName));
  for (const { kernelName } of tf.getKernelsForBackend('cpu')) expect(names).toContain(kernelName);
  expect(names).toContain('KernelOfMine');
});

it('registers each kernel once, so that tfjs warns of nothing', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  registerKernels([]);
  registerKernels(['KernelOfMine']);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});

it('says so if it is used while nothing is traced', () => {
  registerKernels([]);
  const relu = tf.getKernel('Relu', SYMBOLIC).kernelFunc;
  expect(() => relu({ inputs: {}, backend: symbolicBackend, attrs: {} })).toThrow(
    /a result of Relu was made on the backend for tracing while nothing is traced/,
  );
  expect(() => symbolicBackend.write([1], [1], 'float32')).toThrow(/nothing is traced/);
  expect(() => symbolicBackend.move()).toThrow(/defect of @x\/trainer-core/);
  expect(() => symbolicBackend.readSync({})).toThrow(/a tensor that was disposed is read/);
});

it('counts the elements that are alive by their references', () => {
  const trace = { assignedAt: new Map(), refused: undefined } as never;
  const before = [symbolicBackend.numDataIds(), tf.memory().numTensors];
  const dataId = symbolicBackend.make({ shape: [2], dtype: 'float32' }, 'a value', trace);
  symbolicBackend.incRef(dataId);
  expect([symbolicBackend.numDataIds(), symbolicBackend.refCount(dataId)]).toEqual([before[0]! + 1, 2]);
  symbolicBackend.active = trace;
  expect(symbolicBackend.disposeData(dataId)).toBe(false);
  expect(symbolicBackend.symbolic(dataId)?.origin).toBe('a value');
  expect(symbolicBackend.disposeData(dataId)).toBe(true);
  symbolicBackend.active = undefined;
  expect(symbolicBackend.symbolic(dataId)).toBeUndefined();
  expect(symbolicBackend.disposeData(dataId)).toBe(true);
  expect([symbolicBackend.numDataIds(), tf.memory().numTensors]).toEqual(before);
});
