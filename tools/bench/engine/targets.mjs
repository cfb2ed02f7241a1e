/** How many times as fast as PyTorch a step should be, on 1 and on 2 threads. */
export const TO_TORCH = {
  mlp: { 1: 1.8, 2: 1.8 },
  cnn: { 1: 1.35, 2: 0.9 },
  lstm: { 1: 0.94, 2: 0.75 },
  transformer: { 1: 1.2, 2: 1.15 },
  transformer_dropout: { 1: 1.2, 2: 1.3 },
  cifar: { 1: 0.9, 2: 0.75 },
  mobilenet: { 1: 0.8, 2: 0.7 },
};

/** A figure of {@link TO_TORCH} is kept within this share. */
export const WITHIN = 0.1;

/** How many times as fast as tfjs alone, for the models that are measured against it. */
export const TO_TFJS = { cnn: 10, transformer: 10 };

export const FIRST_STEP_MS = 1000;

/** Most memory, in terms of PyTorch's. */
export const MEMORY = 1.3;

/** Microseconds of a step outside of native and generated code. */
export const ownTime = (inputsAndOutputs) => 50 + inputsAndOutputs;

/** How many times as long as the fused step gradients and update may take as two programs. */
export const SPLIT = 1.1;
