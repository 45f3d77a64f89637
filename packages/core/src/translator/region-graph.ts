import { type FlowItem, type FlowLoop, structure } from './control-flow.js';
import type { CallContext, Region, RegionNode } from './region-discovery.js';

/** How control moves between the blocks of a region, by their numbers, and where it can come in. */
export class RegionGraph {
  /** Blocks that control can enter from outside. */
  readonly entries: ReadonlySet<number>;
  /** The blocks in the order in which they are written. */
  readonly items: readonly FlowItem[];
  /** By block: the number that says at a dispatch to go there, from 1; absent where nothing dispatches to it. */
  readonly places: ReadonlyMap<number, number>;
  readonly #region: Region;
  readonly #successors: readonly number[][];
  /** Loop headers look at the count. */
  readonly #checked = new Set<number>();
  readonly #longest = new Map<number, number>();

  constructor(region: Region) {
    this.#region = region;
    this.#successors = region.nodes.map((node) => this.#successorsOf(node));
    const root = region.find(region.root, undefined)!;
    const entries = new Set([root, ...[...region.entryPoints].flatMap((pc) => region.find(pc, undefined) ?? [])]);
    this.items = structure({ successors: this.#successors, entries });
    const dispatched = new Set<number>();
    for (const { headers } of loopsOf(this.items)) {
      for (const header of headers) {
        this.#checked.add(header);
        if (region.nodes[header]!.context === undefined) entries.add(header);
        else if (headers.length > 1) dispatched.add(header);
      }
    }
    this.entries = entries;
    this.places = new Map([...new Set([...entries, ...dispatched])].sort((a, b) => a - b).map((node, index) => [node, index + 1]));
  }

  /** In which call's context control is where a branch at the end of a block leads. */
  targetContext(node: RegionNode): CallContext | undefined {
    return node.flow.links ? this.#region.calleeContext(node) : node.context;
  }

  /** Whether a block looks at the count when control comes to it. */
  looksAtCount(node: number): boolean {
    return this.#checked.has(node);
  }

  /** Instructions on the longest way from a block to where the count is looked at again. */
  longestPath(node: number): number {
    const known = this.#longest.get(node);
    if (known !== undefined) return known;
    const onward = this.#successors[node]!.map((next) => (this.#checked.has(next) ? 0 : this.longestPath(next)));
    const longest = this.#region.nodes[node]!.instructions.length + Math.max(0, ...onward);
    this.#longest.set(node, longest);
    return longest;
  }

  #successorsOf(node: RegionNode): number[] {
    const { flow, context, endPc } = node;
    if (node.fallBack !== undefined) return [];
    const found: (number | undefined)[] = [];
    if (flow.target !== undefined) found.push(this.#region.find(flow.target, this.targetContext(node)));
    if (flow.indirect === 'return' && !flow.links && context) found.push(this.#region.find(context.returnPc, context.caller));
    if (flow.falls) found.push(this.#region.find(endPc, context));
    return [...new Set(found.filter((each) => each !== undefined))];
  }
}

function* loopsOf(items: readonly FlowItem[]): Generator<FlowLoop> {
  for (const item of items) {
    if (item.kind === 'node') continue;
    yield item;
    yield* loopsOf(item.items);
  }
}
