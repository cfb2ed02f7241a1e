import { PluginError } from '../errors.js';
import { log } from '../log.js';
import type { Descriptor } from './describe.js';
import { descriptorsOf } from './describe.js';
import type { Plugin } from './plugin.js';
import type { ExtensionPoint } from './tokens.js';

/** A descriptor and the package that brought it. */
export interface Registration extends Descriptor {
  readonly plugin: string;
}

/** What the listed plugins of one run provide, by kind and name. */
export class Registry {
  private readonly kinds = new Map<string, Map<string, Registration>>();

  /** @throws PluginError (`X_PLUGIN_DUPLICATE_NAME`) if two classes claim one name of one kind, and the later does not replace the other. */
  constructor(readonly plugins: readonly Plugin[]) {
    for (const plugin of plugins) {
      for (const descriptor of plugin.provides.flatMap(descriptorsOf)) {
        const mayReplace = plugin.replaces?.includes(descriptor.target) ?? false;
        this.add({ ...descriptor, plugin: plugin.name }, mayReplace);
      }
    }
  }

  find(kind: string, name: string): Registration | undefined {
    return this.kinds.get(kind)?.get(name);
  }

  /** The names of an extension point: its default first, then in the order of the plugins list. */
  names({ kind, defaultName }: ExtensionPoint<unknown>): string[] {
    const names = this.all(kind).map(({ name }) => name);
    return defaultName !== undefined && names.includes(defaultName)
      ? [defaultName, ...names.filter((name) => name !== defaultName)]
      : names;
  }

  /** The registrations of a kind, in the order of the plugins list. */
  all(kind: string): readonly Registration[] {
    return [...(this.kinds.get(kind)?.values() ?? [])];
  }

  private add(registration: Registration, mayReplace: boolean): void {
    const { kind, name, plugin, target } = registration;
    const names = this.kinds.get(kind) ?? new Map<string, Registration>();
    this.kinds.set(kind, names);
    const taken = names.get(name);
    if (taken !== undefined && taken.target !== target) {
      if (mayReplace) {
        log.info(`${plugin} replaces the ${kind} "${name}" of ${taken.plugin}`);
        names.set(name, registration);
        return;
      }
      throw new PluginError(
        'X_PLUGIN_DUPLICATE_NAME',
        `two plugins provide the ${kind} "${name}": ${taken.plugin} (class ${taken.target.name}) and ${plugin} ` +
          `(class ${target.name}); list only one of them, or let the later plugin say that it "replaces" the class`,
      );
    }
    names.set(name, registration);
  }
}
