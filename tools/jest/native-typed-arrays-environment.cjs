'use strict';
const { TestEnvironment } = require('jest-environment-node');

// jest runs each test file in a vm context with its own Float32Array and so on. Native code (structuredClone,
// v8.deserialize, addons) makes typed arrays of the main realm, so `x instanceof Float32Array` is false inside a test.
// Here the test's realm is given the main realm's constructors.
const SHARED = [
  'ArrayBuffer',
  'SharedArrayBuffer',
  'DataView',
  'Atomics',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
];

module.exports = class NativeTypedArraysEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const name of SHARED) {
      if (name in globalThis) {
        Object.defineProperty(this.global, name, {
          value: globalThis[name],
          writable: true,
          configurable: true,
          enumerable: false,
        });
      }
    }
  }
};
