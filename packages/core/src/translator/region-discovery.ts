import { decode, type Instruction } from '../isa/instruction-set.js';
import { SPRN_PRIVILEGED } from '../isa/special-purpose-registers.js';
import { CodeEmitter } from '../semantics/code-emitter.js';
import { fallsBack } from './fall-backs.js';
import { type Flow, flowOf } from './flow-probe.js';

/** Code as the translator sees it in the present context. */
export interface CodeSource {
  /** The software TLB's execute entry of an address's page; 0 where it cannot be executed from RAM. */
  executeEntry(pc: number): number;
  /** The word at an address whose page has an entry. */
  word(pc: number, entry: number): number;
  /** Whether control has come to this address by a jump. */
  isWarm(pc: number): boolean;
  /** Whether a region can be entered at this address already. */
  isTranslated(pc: number): boolean;
  /** Whether the processor is in user mode, so that privileged instructions trap. */
  readonly isUserMode: boolean;
  /** Addresses near `pc` at which regions have been rooted, because control came there in ways that no region knew. */
  rootsNear(pc: number): Iterable<number>;
}

/** The calls that lead to a node inside a region, innermost first. Code is cloned for each, so that a return is an edge. */
export interface CallContext {
  readonly returnPc: number;
  readonly caller: CallContext | undefined;
  readonly depth: number;
  readonly id: number;
}

export interface RegionInstruction {
  readonly pc: number;
  readonly word: number;
  /** Absent where the 440 has no such instruction. */
  readonly instruction: Instruction | undefined;
  readonly flow: Flow;
  /** It is left to the interpreter. */
  readonly fallsBack: boolean;
  /** It traps, so that its region ends here: control comes to what follows from outside, if at all. */
  readonly traps: boolean;
}

/** A basic block in a calling context. */
export interface RegionNode {
  readonly pc: number;
  readonly context: CallContext | undefined;
  /** The execute entry of its page, a part of the condition under which its code is valid. */
  readonly entry: number;
  readonly instructions: readonly RegionInstruction[];
  /** Of the last instruction. */
  readonly flow: Flow;
  /** Where control goes on after the last instruction. */
  readonly endPc: number;
  /** The mnemonic of the instruction at `endPc` where that is left to the interpreter. */
  readonly fallBack: string | undefined;
}

/** Nodes by pc and context. */
export interface Region {
  readonly root: number;
  readonly nodes: readonly RegionNode[];
  /** The node at an address in a context; undefined where the region has none. */
  find(pc: number, context: CallContext | undefined): number | undefined;
  /** The context of a call made by a node. */
  calleeContext(node: RegionNode): CallContext | undefined;
  /** Addresses that control comes to from outside or by a register: after calls that leave the region, and targets of jump tables. */
  readonly entryPoints: ReadonlySet<number>;
}

export interface RegionLimits {
  /** Take code in again that another region has. */
  readonly overlaps: boolean;
  readonly maxInstructions: number;
  readonly maxCallDepth: number;
}

const PAGE_BYTES = 4096;
const pageOf = (pc: number): number => pc >>> 12;

/** Contexts, interned so that equal ones are identical. */
class ContextTable {
  readonly #known = new Map<string, CallContext>();

  call(caller: CallContext | undefined, returnPc: number): CallContext {
    const key = `${caller?.id ?? 0}:${returnPc}`;
    let found = this.#known.get(key);
    if (!found) {
      found = { returnPc, caller, depth: (caller?.depth ?? 0) + 1, id: this.#known.size + 1 };
      this.#known.set(key, found);
    }
    return found;
  }
}

function isRecursive(context: CallContext | undefined, returnPc: number): boolean {
  for (let each = context; each; each = each.caller) if (each.returnPc === returnPc) return true;
  return false;
}

const keyOf = (pc: number, context: CallContext | undefined): number => (pc >>> 2) * 2048 + (context?.id ?? 0);
const MAX_CONTEXTS = 2000;

/**
 * Finds the code that belongs together with a root: what it leads to by branches whose targets have been seen to execute, and by calls,
 * whose callees are cloned into the region so that their returns are edges.
 */
export function discoverRegion(root: number, source: CodeSource, limits: RegionLimits): Region {
  const contexts = new ContextTable();
  const leaders = new Map<number, { pc: number; context: CallContext | undefined }>();
  const decoded = new Map<number, RegionInstruction>();
  const entryPoints = new Set<number>();
  const queue: { pc: number; context: CallContext | undefined }[] = [];
  const visited = new Set<number>();
  const scratch = new CodeEmitter(1);
  const { isUserMode } = source;
  let instructions = 0;

  const at = (pc: number, entry: number): RegionInstruction => {
    let found = decoded.get(pc);
    if (!found) {
      const word = source.word(pc, entry);
      const instruction = decode(word);
      found = {
        pc,
        word,
        instruction,
        flow: instruction ? flowOf(instruction, pc, word, scratch) : ILLEGAL,
        fallsBack: instruction !== undefined && fallsBack(instruction, word),
        traps: isUserMode && instruction !== undefined && isPrivileged(instruction, word),
      };
      decoded.set(pc, found);
    }
    return found;
  };
  const add = (pc: number, context: CallContext | undefined, always = false): void => {
    const key = keyOf(pc, context);
    if (visited.has(key) || !(always || source.isWarm(pc))) return;
    if (!limits.overlaps && pc !== root && source.isTranslated(pc)) return;
    visited.add(key);
    queue.push({ pc, context });
  };
  const calleeContext = (context: CallContext | undefined, returnPc: number): CallContext | undefined => {
    if ((context?.depth ?? 0) >= limits.maxCallDepth || isRecursive(context, returnPc)) return undefined;
    const callee = contexts.call(context, returnPc);
    return callee.id < MAX_CONTEXTS ? callee : undefined;
  };

  const addEntryPoint = (pc: number): void => {
    entryPoints.add(pc);
    add(pc, undefined);
  };

  add(root, undefined, true);
  for (let head = 0; head < queue.length && instructions < limits.maxInstructions; head++) {
    const { pc, context } = queue[head]!;
    const entry = source.executeEntry(pc);
    if (entry === 0) continue;
    leaders.set(keyOf(pc, context), { pc, context });
    for (let at_ = pc; ; ) {
      const each = at(at_, entry);
      const next = (at_ + 4) >>> 0;
      if (!each.instruction || each.fallsBack) break;
      instructions++;
      if (each.traps) break;
      const { flow } = each;
      if (flow.target !== undefined) {
        const callee = flow.links ? calleeContext(context, next) : context;
        add(flow.target, callee);
        if (flow.links) {
          if (callee && source.isWarm(flow.target)) add(next, context);
          else if (!context) addEntryPoint(next);
        }
      }
      if (flow.indirect && flow.links && !context) addEntryPoint(next);
      // Where a jump table leads is not written in the code; but what is hot behind it has become a root.
      if (flow.indirect === 'computed' && !flow.links && limits.overlaps) for (const near of source.rootsNear(at_)) addEntryPoint(near);
      if (flow.indirect === 'return' && !flow.links && context) add(context.returnPc, context.caller);
      if (flow.falls && (flow.target !== undefined || flow.indirect)) add(next, context);
      if (!flow.falls || flow.target !== undefined || flow.indirect) break;
      if (pageOf(next) !== pageOf(at_)) {
        add(next, context, true);
        break;
      }
      if (leaders.has(keyOf(next, context))) break;
      at_ = next;
    }
  }
  const ordered = [...leaders.values()].sort((a, b) => (a.context?.id ?? 0) - (b.context?.id ?? 0) || a.pc - b.pc);
  const nodes = ordered.map(({ pc, context }) =>
    cutNode(pc, context, source.executeEntry(pc), at, (next) => leaders.has(keyOf(next, context))),
  );
  const index = new Map(nodes.map((node, i) => [keyOf(node.pc, node.context), i]));
  return {
    root,
    nodes,
    find: (pc, context) => index.get(keyOf(pc, context)),
    calleeContext: (node) => calleeContext(node.context, node.endPc),
    entryPoints,
  };
}

/** Whether an instruction needs supervisor mode. */
function isPrivileged({ row }: Instruction, word: number): boolean {
  if (row.mnemonic !== 'mfspr' && row.mnemonic !== 'mtspr') return row.privileged === true;
  // The two halves of an SPR's number are swapped in the word, so this bit of it is bit 16 of that.
  return ((word >>> 16) & SPRN_PRIVILEGED) !== 0;
}

const NO_FLOW: Flow = { falls: true, links: false };
const ILLEGAL: Flow = { falls: false, links: false };

function cutNode(
  pc: number,
  context: CallContext | undefined,
  entry: number,
  at: (pc: number, entry: number) => RegionInstruction,
  isLeader: (pc: number) => boolean,
): RegionNode {
  const instructions: RegionInstruction[] = [];
  let flow = NO_FLOW;
  let fallBack: string | undefined;
  let next = pc;
  do {
    const each = at(next, entry);
    if (each.fallsBack) {
      fallBack = each.instruction?.mnemonic;
      break;
    }
    instructions.push(each);
    flow = each.flow;
    next = (next + 4) >>> 0;
    if (each.traps) break;
  } while (flow.falls && flow.target === undefined && !flow.indirect && next % PAGE_BYTES !== 0 && !isLeader(next));
  return { pc, context, entry, instructions, flow, endPc: next, fallBack };
}
