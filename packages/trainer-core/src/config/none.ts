import { mapStrings } from './plain-data.js';
import type { RawConfig } from './read-config.js';

/** Turns strings that are exactly `None` into null, as the original does everywhere in a config. */
export function nullForNone(config: RawConfig): RawConfig {
  return mapStrings(config, (text) => (text === 'None' ? null : text)) as RawConfig;
}
