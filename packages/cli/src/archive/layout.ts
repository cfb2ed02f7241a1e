/** The weights in an archive. */
export const WEIGHTS = 'weights.safetensors';

/** What an archive holds besides weights, where the run has it. */
export const MEMBERS: readonly string[] = ['config.json', 'meta.json', 'vocabulary'];
