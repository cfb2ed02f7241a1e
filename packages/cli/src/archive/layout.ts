/** The best weights in the folder of a run. */
export const BEST_WEIGHTS = 'best.safetensors';

/** The weights in an archive. */
export const WEIGHTS = 'weights.safetensors';
