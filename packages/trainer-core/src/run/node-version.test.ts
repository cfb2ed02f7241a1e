import { checkNodeVersion } from './node-version.js';

test.each(['v20.19.0', 'v20.20.2', 'v22.12.0', 'v22.99.1', 'v24.0.0', 'v25.1.0', 'v30.0.0'])(
  '%s is new enough',
  (version) => {
    expect(() => checkNodeVersion(version)).not.toThrow();
  },
);

test.each(['v18.20.0', 'v20.18.3', 'v21.7.0', 'v22.11.0', 'v23.1.0'])('%s is refused', (version) => {
  expect(() => checkNodeVersion(version)).toThrow(
    expect.objectContaining({ name: 'TrainerError', code: 'X_NODE_VERSION' }),
  );
  expect(() => checkNodeVersion(version)).toThrow(`Node ${version} cannot run this; expected 20.19 or newer`);
});
