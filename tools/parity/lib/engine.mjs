const name = process.env.X_PARITY_ENGINE;

/** Trainer options for the engine that runs fixtures: the eager one, unless `--engine` says another. */
export const engineOptions = name === undefined ? {} : { engine: { type: name, threads: 1 } };
