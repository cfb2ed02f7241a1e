import { messageOf } from '../config/show.js';
import { DependencyError, EngineError, TrainerError } from '../errors.js';

/**
 * What is being built right now, from the outside in: how cycles are seen, and how the error that happened first is
 * found again. tsyringe knows no cycles through factories, and wraps what a nested constructor throws into a new `Error`.
 */
export class Construction {
  private readonly parts: { readonly key: unknown; readonly name: string }[] = [];
  private failure: unknown;

  /** Builds a part inside whatever is being built. `key` tells parts of one name apart. */
  run<T>(key: unknown, name: string, make: () => T): T {
    const start = this.parts.findIndex((part) => part.key === key);
    if (start >= 0) {
      const path = [...this.parts.slice(start).map((part) => part.name), name];
      this.failure = new DependencyError(
        'X_DEPENDENCY_CYCLE',
        `these parts need each other: ${path.join(' -> ')}; let one of them take a factory, @inject(lazy(...)), and build late`,
      );
      throw this.failure;
    }
    return this.watch(() => {
      this.parts.push({ key, name });
      try {
        const made = make();
        // an inner failure that somebody caught is not the reason of a later one
        this.failure = undefined;
        return made;
      } catch (error) {
        this.failure = this.reason(error, name);
        throw this.failure;
      } finally {
        this.parts.pop();
      }
    });
  }

  /** Runs a resolution; the outermost one throws the error that happened first. */
  watch<T>(run: () => T): T {
    if (this.parts.length > 0) return run();
    this.failure = undefined;
    try {
      return run();
    } catch (error) {
      throw this.reason(error, 'the run');
    } finally {
      this.failure = undefined;
    }
  }

  private reason(error: unknown, what: string): unknown {
    return explain(isFromTsyringe(error) ? (this.failure ?? error) : error, what);
  }
}

/** The error to throw for what building `what` threw: our own errors as they are, others with their place. */
export function explain(error: unknown, what: string): TrainerError {
  if (error instanceof TrainerError) return error;
  const message = messageOf(error);
  const missing = /unregistered dependency token: "?Symbol\(([^)]*)\)/.exec(message);
  if (missing !== null) {
    return new DependencyError(
      'X_DEPENDENCY_MISSING',
      `${what} needs ${shortName(missing[1]!)}, which this run does not have; add it to the configuration, or provide it in code`,
      { cause: error },
    );
  }
  if (message.includes('No backend found in registry')) {
    return new EngineError(
      'X_ENGINE_NO_BACKEND',
      `${what} makes tensors, but no TensorFlow.js backend is registered: npm install @tensorflow/tfjs, and import it first`,
      { cause: error },
    );
  }
  return new TrainerError('X_COMPONENT_FAILED', `${what} could not be built: ${message}`, { cause: error });
}

/** The name of a token as messages show it: our own package's without the package. */
export function shortName(token: string): string {
  return token.replace('@x/trainer-core:', '');
}

function isFromTsyringe(error: unknown): boolean {
  return /^(Cannot inject the dependency|Attempted to resolve unregistered)/.test(messageOf(error));
}
