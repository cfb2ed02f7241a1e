const COMPLEX = 'complex numbers have no type in ONNX Runtime';
const TEXT = 'text cannot be computed with in a step';
const DATA_DEPENDENT = 'the shape of the result depends on the data';
const NO_GRADIENT = 'tfjs has no gradient for it, and it belongs before the step, to the images of a batch';

/** The kernels of tfjs's cpu backend that a step cannot have when it is compiled, and why. */
export const WITHOUT_LOWERING: Readonly<Record<string, string>> = {
  Complex: COMPLEX,
  ComplexAbs: COMPLEX,
  FFT: COMPLEX,
  IFFT: COMPLEX,
  Imag: COMPLEX,
  Real: COMPLEX,

  StaticRegexReplace: TEXT,
  StringNGrams: TEXT,
  StringSplit: TEXT,
  StringToHashBucketFast: TEXT,

  NonMaxSuppressionV3: DATA_DEPENDENT,
  NonMaxSuppressionV4: DATA_DEPENDENT,
  NonMaxSuppressionV5: DATA_DEPENDENT,
  RaggedGather: DATA_DEPENDENT,
  RaggedRange: DATA_DEPENDENT,
  RaggedTensorToTensor: DATA_DEPENDENT,
  SparseFillEmptyRows: DATA_DEPENDENT,
  SparseReshape: DATA_DEPENDENT,
  SparseSegmentMean: DATA_DEPENDENT,
  SparseSegmentSum: DATA_DEPENDENT,
  Unique: DATA_DEPENDENT,

  CropAndResize: NO_GRADIENT,
  RotateWithOffset: NO_GRADIENT,
  Transform: NO_GRADIENT,

  BroadcastArgs: 'it computes a shape, which must be known when a step is compiled',
  Draw: 'it draws on a canvas',
  Dilation2D: 'ONNX has no morphological operators',
  Dilation2DBackpropFilter: 'ONNX has no morphological operators',
  Dilation2DBackpropInput: 'ONNX has no morphological operators',
  MaxPoolWithArgmax: 'its indices count in a way of their own; maxPool has no indices',
};
