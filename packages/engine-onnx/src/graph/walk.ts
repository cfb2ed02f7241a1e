import type { Node, Value } from './value.js';

/** Every node that the values depend on, each after those that it depends on itself. */
export function nodesBelow(roots: readonly Value[]): Node[] {
  const order: Node[] = [];
  const seen = new Set<Node>();
  const visit = (root: Node): void => {
    if (seen.has(root)) return;
    seen.add(root);
    // a stack of its own: graphs of long recurrences are deeper than JavaScript's
    const path = [{ node: root, next: 0 }];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const input = top.node.inputs[top.next++]?.node;
      if (input === undefined) {
        order.push(top.node);
        path.pop();
      } else if (!seen.has(input)) {
        seen.add(input);
        path.push({ node: input, next: 0 });
      }
    }
  };
  for (const { node } of roots) visit(node);
  return order;
}
