import type * as tfl from '@tensorflow/tfjs-layers';

type Layer = tfl.layers.Layer;

/** Where layers keep layers: models, wrappers, bidirectional wrappers, recurrent layers, stacked cells. */
interface Holder {
  readonly layers?: readonly Layer[];
  readonly layer?: Layer;
  readonly forwardLayer?: Layer;
  readonly backwardLayer?: Layer;
  readonly cell?: Layer;
  readonly cells?: readonly Layer[];
}

/** A layer and every layer in it, at any depth, recurrent cells included; each once. */
export function everyLayer(root: Layer): Layer[] {
  const found = new Set<Layer>();
  const visit = (layer: Layer): void => {
    if (found.has(layer)) return;
    found.add(layer);
    const { layers = [], layer: inner, forwardLayer, backwardLayer, cell, cells = [] } = layer as unknown as Holder;
    for (const child of [...layers, inner, forwardLayer, backwardLayer, cell, ...cells]) {
      if (child !== undefined && child !== null) visit(child);
    }
  };
  visit(root);
  return [...found];
}
