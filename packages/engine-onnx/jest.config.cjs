module.exports = {
  ...require('../../tools/jest/jest.preset.cjs'),
  displayName: require('./package.json').name,
  rootDir: __dirname,
};
