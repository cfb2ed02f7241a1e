/** How positions of the result become positions of the image, tfjs's attributes. */
export interface AxisRule {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** The weights, [to, from], of linear interpolation along one axis. */
export function bilinearWeights(from: number, to: number, rule: AxisRule): Float32Array {
  const weights = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const place = rule.halfPixelCenters ? scale(from, to, rule) * (i + 0.5) - 0.5 : scale(from, to, rule) * i;
    const low = Math.max(0, Math.floor(place));
    const high = Math.min(from - 1, Math.ceil(place));
    weights[i * from + low]! += 1 - (place - low);
    weights[i * from + high]! += place - low;
  }
  return weights;
}

/** Which element of the image stands at each place of the result. */
export function nearestIndices(from: number, to: number, rule: AxisRule): number[] {
  const nearest = rule.alignCorners ? Math.round : Math.floor;
  return Array.from({ length: to }, (_, i) => {
    const place = scale(from, to, rule) * (rule.halfPixelCenters ? i + 0.5 : i);
    return Math.min(from - 1, nearest(place));
  });
}

/** How often each element stands in the result, if all do equally often and in their order. */
export function repetitions(from: number, indices: readonly number[]): number | undefined {
  const times = indices.length / from;
  return Number.isInteger(times) && indices.every((index, i) => index === Math.floor(i / times)) ? times : undefined;
}

function scale(from: number, to: number, { alignCorners }: AxisRule): number {
  return alignCorners && to > 1 ? (from - 1) / (to - 1) : from / to;
}
