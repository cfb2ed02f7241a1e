// Loaded with `node --import` before the parity run: breaks one rule of the built packages, in memory.
import { register } from 'node:module';

import { MUTANTS } from './mutants.mjs';

const mutant = MUTANTS.find(({ rule }) => rule === process.env.PARITY_MUTANT);
if (mutant === undefined) throw new Error(`PARITY_MUTANT must name a mutant, received "${process.env.PARITY_MUTANT}"`);
register('./hooks.mjs', import.meta.url, { data: mutant });
