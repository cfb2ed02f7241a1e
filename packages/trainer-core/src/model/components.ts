import type { AnyClass } from '../plugins/describe.js';
import { ConstantInitializer, ZeroInitializer } from './initializers/constant.js';
import { KaimingNormalInitializer, KaimingUniformInitializer } from './initializers/kaiming.js';
import { NormalInitializer } from './initializers/normal.js';
import { OrthogonalInitializer } from './initializers/orthogonal.js';
import { UniformInitializer } from './initializers/uniform.js';
import { XavierNormalInitializer, XavierUniformInitializer } from './initializers/xavier.js';
import { L1Regularizer } from './regularizers/l1.js';
import { L2Regularizer } from './regularizers/l2.js';

/** The initializers and regularizers that every run has, for the plugin of this package. */
export const modelComponents: readonly AnyClass[] = [
  ConstantInitializer,
  KaimingNormalInitializer,
  KaimingUniformInitializer,
  NormalInitializer,
  OrthogonalInitializer,
  UniformInitializer,
  XavierNormalInitializer,
  XavierUniformInitializer,
  ZeroInitializer,
  L1Regularizer,
  L2Regularizer,
];
