import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * Adds up the time in ONNX Runtime's native call and in generated WebAssembly, from outside of the engine: by wrapping
 * `run` of the native session and what WebAssembly modules export. Costs about a microsecond a call.
 */
export function watchNativeTime() {
  let ms = 0;
  let inputsAndOutputs = 0;

  const timed = (call) =>
    function timedCall(...args) {
      const start = performance.now();
      try {
        return call.apply(this, args);
      } finally {
        ms += performance.now() - start;
      }
    };

  const binding = nativeBinding();
  if (binding !== undefined) {
    const { InferenceSession } = binding;
    const run = timed(InferenceSession.prototype.run);
    // the native prototype cannot be written to
    binding.InferenceSession = class extends InferenceSession {
      run(feeds, fetches, options) {
        inputsAndOutputs += Object.keys(feeds).length + Object.keys(fetches).length;
        return run.call(this, feeds, fetches, options);
      }
    };
  }

  const { Instance } = WebAssembly;
  WebAssembly.Instance = class extends Instance {
    constructor(...args) {
      super(...args);
      const exported = Object.entries(super.exports).map(([name, value]) => [
        name,
        typeof value === 'function' ? timed(value) : value,
      ]);
      Object.defineProperty(this, 'exports', { value: Object.fromEntries(exported) });
    }
  };

  return {
    reset: () => {
      ms = 0;
      inputsAndOutputs = 0;
    },
    read: () => ({ nativeMs: ms, inputsAndOutputs }),
  };
}

function nativeBinding() {
  const require = createRequire(import.meta.url);
  try {
    const entry = require.resolve('onnxruntime-node');
    return require(path.join(path.dirname(entry), 'binding.js')).binding;
  } catch {
    return undefined;
  }
}
