import { constantFields } from '../isa/instruction-set.js';
import { Esr, Msr, Vector } from '../isa/vectors.js';
import { State } from '../processor/state-layout.js';
import { CodeEmitter, type Label } from '../semantics/code-emitter.js';
import { constant, constantValue, type I32 } from '../semantics/expression.js';
import { pageEntry } from '../semantics/ram-access.js';
import { type BranchHint, ByteSink, type FunctionDefinition } from '../wasm/module-encoder.js';
import { Op, ValueType } from '../wasm/opcodes.js';
import type { FlowItem, FlowLoop } from './control-flow.js';
import { FALL_BACK_MNEMONICS } from './fall-backs.js';
import type { CallContext, Region, RegionInstruction, RegionNode } from './region-discovery.js';
import { RegionGraph } from './region-graph.js';
import { RegisterLocals } from './register-locals.js';
import { codePlace, isSlotFor, slotOf, slotWord } from './slot-lookup.js';
import { type RegionFlow, type RegionLocals, TranslatorBuilder } from './translator-builder.js';

/** What a region's function answers: whether it goes on at State.pc, or why the interpreter must execute from there to the next jump. */
export const RegionExit = { goOn: 0, nearEvent: 1, fallBack: 2, access: 3 } as const;

export const REGION_TYPE = { params: ['i32'], results: ['i32'] } as const;

/** A region's function, and the places at which it can be entered. */
export interface RegionFunction {
  readonly definition: FunctionDefinition;
  readonly places: readonly { readonly pc: number; readonly entry: number; readonly place: number }[];
  readonly instructionCount: number;
}

export interface RegionFunctionOptions {
  /** Whether XER[SO] may be set while it runs; else the code is made for the usual case, in which it is 0. */
  readonly overflow: boolean;
  /** Its place in the function table. */
  readonly tableIndex: number;
  /** The software TLB entry that data accesses of a page of code are expected to find. */
  readonly expectedEntry: (node: RegionNode) => number | undefined;
}

/** Where a jump to a node goes at a point of the structured code. */
interface Scope {
  readonly labels: ReadonlyMap<number, Label>;
  /** Nodes that share their label with others: the place says which is meant. */
  readonly dispatched: ReadonlySet<number>;
}

export function buildRegionFunction(region: Region, options: RegionFunctionOptions): RegionFunction {
  return new RegionWriter(region, options).write();
}

class RegionWriter implements RegionFlow {
  readonly #region: Region;
  readonly #options: RegionFunctionOptions;
  readonly #emit = new CodeEmitter(1);
  readonly #registers: RegisterLocals;
  readonly #locals: RegionLocals;
  readonly #builder: TranslatorBuilder;
  readonly #graph: RegionGraph;
  readonly #scopes: Scope[] = [];
  #exit!: Label;
  #forAccess!: Label;
  #stated!: Label;
  #attended!: Label;
  #again: Label | undefined;
  #node!: RegionNode;

  constructor(region: Region, options: RegionFunctionOptions) {
    this.#region = region;
    this.#options = options;
    this.#registers = new RegisterLocals(this.#emit);
    this.#locals = {
      place: 0,
      remaining: this.#emit.permanentLocal('i32'),
      readTable: this.#emit.permanentLocal('i32'),
      writeTable: this.#emit.permanentLocal('i32'),
      executeTable: this.#emit.permanentLocal('i32'),
    };
    this.#builder = new TranslatorBuilder(this.#emit, this.#registers, this.#locals, this, options.overflow);
    this.#graph = new RegionGraph(region);
  }

  write(): RegionFunction {
    const { nodes } = this.#region;
    const { entries, items, places } = this.#graph;
    this.#exit = this.#emit.block(ValueType.i32);
    this.#forAccess = this.#emit.block();
    this.#stated = this.#emit.block();
    this.#attended = this.#emit.block();
    this.#again = this.#emit.loop();
    this.#leaveNearEvent(Math.max(...[...entries].map((node) => this.#graph.longestPath(node))), undefined);
    this.#writeSequence(items, undefined);
    this.#emit.end();
    this.#emit.op(Op.unreachable);
    this.#writeStatedExits();
    this.#emit.end();
    this.#registers.writeExit();
    this.#emit.constant(0);
    this.#emit.localGet(this.#locals.remaining);
    this.#emit.memory(Op.i32Store, 2, State.remaining);

    const { code, branchHints } = this.#withEntry();
    return {
      definition: { name: String(this.#options.tableIndex), ...REGION_TYPE, locals: this.#emit.localTypes, code, branchHints },
      places: [...entries].map((node) => ({ pc: nodes[node]!.pc, entry: nodes[node]!.entry, place: places.get(node)! })),
      instructionCount: nodes.reduce((sum, node) => sum + node.instructions.length, 0),
    };
  }

  /** Where call-outs lead that end the region, all by the same code: behind the instruction at State.pc, or as State says. */
  #writeStatedExits(): void {
    const builder = this.#builder;
    this.#emit.end(); // attended
    builder.setState(State.pc, builder.add(builder.state(State.pc), constant(4)));
    builder.setState(State.remaining, builder.sub(builder.state(State.remaining), constant(1)));
    this.#emit.end(); // stated
    const leave = (exit: number) => {
      this.#emit.value(builder.state(State.remaining));
      this.#emit.localSet(this.#locals.remaining);
      this.#emit.constant(exit);
    };
    leave(RegionExit.goOn);
    this.#emit.branch(this.#exit);
    this.#emit.end(); // for an access
    leave(RegionExit.access);
  }

  /** Puts what must happen before the body in front of it, now that the registers it uses are known. */
  #withEntry(): { code: Uint8Array; branchHints: BranchHint[] } {
    const body = this.#emit.sink;
    const all = new ByteSink(body.length + 512);
    const load = (offset: number) => {
      all.byte(Op.i32Const);
      all.s32(0);
      all.byte(Op.i32Load);
      all.u32(2);
      all.u32(offset);
    };
    for (const [local, offset] of [
      [this.#locals.remaining, State.remaining],
      [this.#locals.readTable, State.readTable],
      [this.#locals.writeTable, State.writeTable],
      [this.#locals.executeTable, State.executeTable],
    ] as const) {
      load(offset);
      all.byte(Op.localSet);
      all.u32(local);
    }
    this.#registers.writeEntry(all);
    const shift = all.length;
    all.append(body.bytes());
    const branchHints = this.#emit.branchHints.map(({ offset, likely }) => ({ offset: offset + shift, likely }));
    return { code: all.bytes(), branchHints };
  }

  // --- structured control flow ----------------------------------------------------------------------------------------------
  /** `loop`: the loop whose body this is; its headers are reached by the loop's own label. */
  #writeSequence(items: readonly FlowItem[], loop: FlowLoop | undefined): void {
    const first = loop?.headers.length === 1 ? loop.headers[0] : undefined;
    const emit = this.#emit;
    const labels = new Map<number, Label>();
    const dispatched = new Set<number>();
    const itemLabels = [...items].reverse().map((item) => {
      const label = emit.block();
      for (const node of nodesOf(item)) labels.set(node, label);
      if (item.kind === 'loop' && item.headers.length > 1) for (const header of item.headers) dispatched.add(header);
      return label;
    });
    itemLabels.reverse();
    const inner = new Map(labels);
    for (const header of loop?.headers ?? []) inner.delete(header);
    this.#scopes.push({ labels: inner, dispatched });
    this.#writeDispatch(itemLabels, labels, first);
    for (const item of items) {
      emit.end();
      if (item.kind === 'node') this.#writeNode(item.node);
      else this.#writeLoop(item);
    }
    this.#scopes.pop();
  }

  #writeDispatch(itemLabels: readonly Label[], labels: ReadonlyMap<number, Label>, first: number | undefined): void {
    const emit = this.#emit;
    const places = [...this.#graph.places].filter(([node]) => labels.has(node) && node !== first);
    const fallback = first === undefined ? undefined : labels.get(first);
    if (places.length === 0) {
      if (fallback && fallback !== itemLabels[0]) emit.branch(fallback);
      return;
    }
    if (fallback) {
      emit.localGet(this.#locals.place);
      emit.op(Op.i32Eqz);
      emit.hint(true);
      emit.branchIf(fallback);
    }
    const table = new Array<Label>(this.#graph.places.size + 1).fill(fallback ?? itemLabels[0]!);
    for (const [node, place] of places) table[place] = labels.get(node)!;
    emit.localGet(this.#locals.place);
    emit.branchTable(table, table[0]!);
  }

  #writeLoop(loop: FlowLoop): void {
    const label = this.#emit.loop();
    const labels = new Map(loop.headers.map((header) => [header, label]));
    const isMultiple = loop.headers.length > 1;
    this.#scopes.push({ labels, dispatched: new Set(isMultiple ? loop.headers : []) });
    this.#writeSequence(loop.items, loop);
    this.#scopes.pop();
    this.#emit.op(Op.unreachable);
    this.#emit.end();
  }

  /** Goes to a node by the innermost label that reaches it. */
  #branchTo(node: number): void {
    for (let depth = this.#scopes.length - 1; depth >= 0; depth--) {
      const { labels, dispatched } = this.#scopes[depth]!;
      const label = labels.get(node);
      if (!label) continue;
      if (dispatched.has(node)) {
        this.#emit.constant(this.#graph.places.get(node)!);
        this.#emit.localSet(this.#locals.place);
      }
      this.#emit.branch(label);
      return;
    }
    throw new Error('a jump inside a region has no label');
  }

  // --- blocks ---------------------------------------------------------------------------------------------------------------
  #writeNode(index: number): void {
    const emit = this.#emit;
    const node = this.#region.nodes[index]!;
    const count = node.instructions.length;
    this.#node = node;
    this.#builder.beginBlock();
    if (this.#graph.places.has(index)) {
      emit.constant(0);
      emit.localSet(this.#locals.place);
    }
    if (this.#graph.looksAtCount(index)) this.#leaveNearEvent(this.#graph.longestPath(index), node.pc);
    if (count > 0) {
      emit.localGet(this.#locals.remaining);
      emit.constant(count);
      emit.op(Op.i32Sub);
      emit.localSet(this.#locals.remaining);
    }
    const expectedEntry = this.#options.expectedEntry(node);
    for (let position = 0; position < count; position++)
      this.#writeInstruction(node.instructions[position]!, count - position, node, expectedEntry);
    if (node.fallBack !== undefined) this.#leaveToInterpreter(node.endPc, node.fallBack);
    else if (!this.#builder.finished) this.#edge(node.endPc, node.context);
  }

  #writeInstruction(
    { pc, word, instruction }: RegionInstruction,
    uncounted: number,
    node: RegionNode,
    expectedEntry: number | undefined,
  ): void {
    const builder = this.#builder;
    const place = { pc, word, uncounted, executeEntry: node.entry, expectedEntry };
    builder.begin(place);
    if (!instruction) {
      builder.raise(Vector.program, { esr: Esr.PIL });
      builder.finished = true;
      builder.release();
      return;
    }
    const { row } = instruction;
    if (row.privileged) {
      builder.if(builder.and(builder.msr(), constant(Msr.PR)), () => builder.raise(Vector.program, { esr: Esr.PPR }));
    }
    if (row.float && builder.needsFloatCheck()) {
      builder.if(builder.eq(builder.and(builder.msr(), constant(Msr.FP)), constant(0)), () =>
        builder.raise(Vector.floatingPointUnavailable),
      );
    }
    const fields = constantFields(instruction, word);
    row.semantics(builder, fields);
    builder.end();
    builder.release();
  }

  // --- leaving and going on -------------------------------------------------------------------------------------------------
  /** Leaves for the interpreter where fewer instructions may retire than the way to the next look can take. */
  #leaveNearEvent(longest: number, pc: number | undefined): void {
    const emit = this.#emit;
    emit.localGet(this.#locals.remaining);
    emit.constant(longest);
    emit.op(Op.i32LtS);
    emit.hint(false);
    emit.ifOnStack();
    if (pc !== undefined) this.#setPc(constant(pc));
    emit.constant(RegionExit.nearEvent);
    emit.branch(this.#exit);
    emit.end();
  }

  /** Leaves in front of an instruction that is not translated. */
  #leaveToInterpreter(pc: number, mnemonic: string): void {
    const counter = State.fallBackCounts + 4 * FALL_BACK_MNEMONICS.indexOf(mnemonic);
    this.#builder.setState(counter, this.#builder.add(this.#builder.state(counter), constant(1)));
    this.#leave(constant(pc), 0, RegionExit.fallBack);
  }

  #setPc(pc: I32): void {
    this.#emit.constant(0);
    this.#emit.value(pc);
    this.#emit.memory(Op.i32Store, 2, State.pc);
  }

  #leave(pc: I32, uncounted: number, exit: number): void {
    const emit = this.#emit;
    this.#setPc(pc);
    if (uncounted > 0) {
      emit.localGet(this.#locals.remaining);
      emit.constant(uncounted);
      emit.op(Op.i32Add);
      emit.localSet(this.#locals.remaining);
    }
    emit.constant(exit);
    emit.branch(this.#exit);
  }

  leave(pc: I32, uncounted: number): void {
    this.#leave(pc, uncounted, RegionExit.goOn);
  }

  leaveAsStated(): void {
    this.#emit.branch(this.#stated);
  }

  leaveAsStatedIf(condition: I32): void {
    this.#leaveIf(condition, this.#stated);
  }

  leaveForAccess(): void {
    this.#emit.hint(false);
    this.#emit.branchIf(this.#forAccess);
  }

  leaveBehindIf(condition: I32): void {
    this.#leaveIf(condition, this.#attended);
  }

  #leaveIf(condition: I32, label: Label): void {
    this.#emit.value(condition);
    this.#emit.hint(false);
    this.#emit.branchIf(label);
  }

  jump(target: I32): void {
    const known = constantValue(target);
    if (known !== undefined) this.#edge((known & -4) >>> 0, this.#graph.targetContext(this.#node));
    else this.#indirect(target);
  }

  jumpIf(condition: I32, target: I32): void {
    this.#emit.if(condition);
    this.jump(target);
    this.#emit.end();
    this.#edge(this.#node.endPc, this.#node.context);
  }

  /** Goes on at a known address: inside the region if it is there and its page still has the code that was translated. */
  #edge(pc: number, context: CallContext | undefined): void {
    const target = this.#region.find(pc, context);
    if (target === undefined) {
      this.leave(constant(pc), 0);
      return;
    }
    const { entry } = this.#region.nodes[target]!;
    if (pc >>> 12 !== this.#node.pc >>> 12) {
      this.#emit.value(this.#builder.ne(this.#builder.executeEntryOf(pc), constant(entry)));
      this.#emit.hint(false);
      this.#emit.ifOnStack();
      this.leave(constant(pc), 0);
      this.#emit.end();
    }
    this.#branchTo(target);
  }

  /** Goes on at an address in a register: at the caller if that is where it leads, or wherever the region can be entered. */
  #indirect(target: I32): void {
    const emit = this.#emit;
    const builder = this.#builder;
    const pc = builder.let(builder.and(target, constant(-4)));
    const { flow, context } = this.#node;
    if (flow.indirect === 'return' && !flow.links && context && this.#region.find(context.returnPc, context.caller) !== undefined) {
      emit.if(builder.eq(pc, constant(context.returnPc)));
      this.#edge(context.returnPc, context.caller);
      emit.end();
    } else if (this.#graph.places.size > 1) this.#lookUp(pc);
    this.leave(pc, 0);
  }

  #lookUp(pc: I32): void {
    const emit = this.#emit;
    const builder = this.#builder;
    const executeTable: I32 = { type: 'i32', kind: 'local', index: this.#locals.executeTable };
    const entry = builder.let(pageEntry(builder, pc, executeTable));
    const slot = builder.let(slotOf(builder, codePlace(builder, pc, entry)));
    const key = this.#options.overflow ? builder.or(pc, constant(1)) : pc;
    const isOwn = builder.eq(slotWord(slot, 'function'), constant(this.#options.tableIndex));
    const found = builder.and(isSlotFor(builder, slot, key, entry), isOwn);
    emit.if(found);
    this.#setPc(pc);
    emit.value(slotWord(slot, 'place'));
    emit.localSet(this.#locals.place);
    emit.branch(this.#again!);
    emit.end();
  }
}

function nodesOf(item: FlowItem): Iterable<number> {
  return item.kind === 'node' ? [item.node] : item.nodes;
}
