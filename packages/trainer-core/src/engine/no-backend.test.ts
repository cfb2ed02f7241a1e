import { EagerEngine } from './eager-engine.js';

// No tfjs package but tfjs-core is imported in this file, as in a project that installed nothing else.
describe('the eager engine with tfjs-core alone', () => {
  it('says that there is no backend, and what to install', async () => {
    expect(await new EagerEngine().probe()).toEqual({
      usable: false,
      reason: 'no TensorFlow.js backend is registered',
      advice: "npm install @tensorflow/tfjs, and import '@tensorflow/tfjs' before training",
    });
  });

  it('refuses to start', async () => {
    await expect(new EagerEngine().prepare()).rejects.toMatchObject({ code: 'X_ENGINE_NO_BACKEND' });
  });
});
