/** A control-flow graph over nodes 0 to n-1. */
export interface FlowGraph {
  readonly successors: readonly (readonly number[])[];
  /** Nodes that control can enter from outside. */
  readonly entries: ReadonlySet<number>;
}

/** A loop: control comes back to its headers only. With more than one header it is irreducible and needs a dispatch. */
export interface FlowLoop {
  readonly kind: 'loop';
  readonly nodes: ReadonlySet<number>;
  readonly headers: readonly number[];
  /** In an order in which every edge that does not go to a header goes forward. */
  readonly items: readonly FlowItem[];
}

/** A part of structured control flow: one node, or a loop. */
export type FlowItem = { readonly kind: 'node'; readonly node: number } | FlowLoop;

/**
 * Orders a graph so that WebAssembly's structured control flow can express it: strongly connected components in topological order, each
 * a loop, and inside it the same again without the edges to its headers (after Ramsey, "Beyond Relooper", ICFP 2022, and the
 * decomposition by Bourdoncle, 1993).
 */
export function structure(graph: FlowGraph): FlowItem[] {
  const all = new Set(graph.successors.keys());
  const predecessors: number[][] = graph.successors.map(() => []);
  graph.successors.forEach((successors, node) => {
    for (const successor of successors) predecessors[successor]!.push(node);
  });
  return sequence(graph, predecessors, all, new Set());
}

/** The components of `nodes`, edges to `cut` left out, in topological order. */
function sequence(graph: FlowGraph, predecessors: readonly number[][], nodes: ReadonlySet<number>, cut: ReadonlySet<number>): FlowItem[] {
  const inside = (node: number) => nodes.has(node) && !cut.has(node);
  return components(graph, nodes, inside).map((component) => {
    const [first] = component;
    const node = first!;
    if (component.length === 1 && !(inside(node) && graph.successors[node]!.includes(node))) return { kind: 'node', node };
    const members = new Set(component);
    const headers = headersOf(graph, predecessors, members, cut);
    return { kind: 'loop', nodes: members, headers, items: sequence(graph, predecessors, members, new Set(headers)) };
  });
}

/** Where a component is entered; one that is only entered from outside the graph has its first entry as header. */
function headersOf(graph: FlowGraph, predecessors: readonly number[][], members: ReadonlySet<number>, cut: ReadonlySet<number>): number[] {
  const headers = [...members].filter((node) => !cut.has(node) && predecessors[node]!.some((from) => !members.has(from)));
  if (headers.length > 0) return headers.sort((a, b) => a - b);
  const ordered = [...members].sort((a, b) => a - b);
  return [ordered.find((node) => graph.entries.has(node)) ?? ordered[0]!];
}

/** Tarjan's strongly connected components, in topological order of the condensed graph. */
function components(graph: FlowGraph, nodes: ReadonlySet<number>, inside: (node: number) => boolean): number[][] {
  const index = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  const found: number[][] = [];
  const visit = (node: number): void => {
    index.set(node, index.size);
    low.set(node, index.get(node)!);
    stack.push(node);
    onStack.add(node);
    for (const successor of graph.successors[node]!) {
      if (!inside(successor)) continue;
      if (!index.has(successor)) {
        visit(successor);
        low.set(node, Math.min(low.get(node)!, low.get(successor)!));
      } else if (onStack.has(successor)) low.set(node, Math.min(low.get(node)!, index.get(successor)!));
    }
    if (low.get(node) !== index.get(node)) return;
    const component: number[] = [];
    let member: number;
    do {
      member = stack.pop()!;
      onStack.delete(member);
      component.push(member);
    } while (member !== node);
    found.push(component);
  };
  for (const node of [...nodes].sort((a, b) => b - a)) if (!index.has(node)) visit(node);
  return found.reverse();
}
