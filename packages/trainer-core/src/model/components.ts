import type { AnyClass } from '../plugins/describe.js';
import { InitializerApplicator } from './initializer-applicator.js';
import { BlockOrthogonalInitializer } from './initializers/block-orthogonal.js';
import { ConstantInitializer, ZeroInitializer } from './initializers/constant.js';
import { DiracInitializer, EyeInitializer } from './initializers/identity.js';
import { KaimingNormalInitializer, KaimingUniformInitializer } from './initializers/kaiming.js';
import { LstmHiddenBiasInitializer } from './initializers/lstm-hidden-bias.js';
import { NormalInitializer } from './initializers/normal.js';
import { OrthogonalInitializer } from './initializers/orthogonal.js';
import { SparseInitializer } from './initializers/sparse.js';
import { UniformUnitScalingInitializer } from './initializers/uniform-unit-scaling.js';
import { UniformInitializer } from './initializers/uniform.js';
import { XavierNormalInitializer, XavierUniformInitializer } from './initializers/xavier.js';
import { RegularizerApplicator } from './regularizers/applicator.js';
import { L1Regularizer } from './regularizers/l1.js';
import { L2Regularizer } from './regularizers/l2.js';

/** The initializers and regularizers, and what applies them, that every run has, for the plugin of this package. */
export const modelComponents: readonly AnyClass[] = [
  BlockOrthogonalInitializer,
  ConstantInitializer,
  DiracInitializer,
  EyeInitializer,
  KaimingNormalInitializer,
  KaimingUniformInitializer,
  LstmHiddenBiasInitializer,
  NormalInitializer,
  OrthogonalInitializer,
  SparseInitializer,
  UniformInitializer,
  UniformUnitScalingInitializer,
  XavierNormalInitializer,
  XavierUniformInitializer,
  ZeroInitializer,
  InitializerApplicator,
  L1Regularizer,
  L2Regularizer,
  RegularizerApplicator,
];
