// Settings that every package's tests share: CommonJS test runs, compiled by swc with tsyringe's decorator metadata.
'use strict';
const path = require('node:path');
const swc = require('./swc.json');

module.exports = {
  testEnvironment: path.join(__dirname, 'native-typed-arrays-environment.cjs'),
  // '@x/source' makes a sibling package resolve to its src/, so no build is needed before a test
  testEnvironmentOptions: { customExportConditions: ['@x/source', 'node', 'node-addons', 'require', 'default'] },
  testMatch: ['<rootDir>/src/**/*.test.ts'],
  setupFiles: [require.resolve('reflect-metadata')],
  transform: {
    '^.+\\.[cm]?[tj]s$': [require.resolve('@swc/jest'), swc],
  },
  // './a.js' in a TypeScript import means './a.ts'
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  coverageProvider: 'v8',
  collectCoverageFrom: ['<rootDir>/src/**/*.ts', '!**/*.test.ts'],
  coverageDirectory: '<rootDir>/coverage',
  reporters: ['default', path.join(__dirname, 'count-reporter.cjs')],
};
