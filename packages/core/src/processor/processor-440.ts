import { instantiateCallouts } from '../callouts/callout-module.js';
import { installSprRules } from '../callouts/register-functions.js';
import { FloatingPointUnit, Fpscr } from '../fpu/index.js';
import { type PhysicalMemory, type Processor, StopReason, type TlbWords } from '../hardware.js';
import { GuestTime } from '../host/guest-time.js';
import { type HostMemory, hostMemoryIn } from '../host/host-memory.js';
import type { HostRoutineWriter } from '../host/host-routine-module.js';
import { installDecodeTable } from '../interpreter/decode-table.js';
import { buildInterpreterModule } from '../interpreter/interpreter-module.js';
import { INSTRUCTION_SET } from '../isa/instruction-set.js';
import { sprByNumber, sprn } from '../isa/special-purpose-registers.js';
import { Esr, MSR_IMPLEMENTED, Msr, VECTORS, Vector } from '../isa/vectors.js';
import { Access } from '../mmu/access.js';
import { SoftTlb } from '../mmu/soft-tlb.js';
import { permits } from '../mmu/tlb-words.js';
import { TranslationLookasideBuffer } from '../mmu/translation-lookaside-buffer.js';
import { ATTENTION_BITS } from '../semantics/machine-state.js';
import type { TranslatorStatistics } from '../translator/statistics.js';
import { Translator } from '../translator/translator.js';
import { wasmHost } from '../wasm/host.js';
import { type CalloutUnits, calloutHandlers } from './callout-handlers.js';
import { DebugFacility } from './debug-facility.js';
import { FaultWatch, type RepeatedFault } from './fault-watch.js';
import { InterruptUnit, NO_VECTOR } from './interrupt-unit.js';
import { MemoryAccess } from './memory-access.js';
import { ModelledClock } from './modelled-clock.js';
import { DEFAULT_ENGINE, type Processor440Options } from './processor-options.js';
import { ProcessorState } from './processor-state.js';
import { type ProcessorStatistics, readStatistics } from './processor-statistics.js';
import { Ram } from './ram.js';
import { SpecialRegisters } from './special-registers.js';
import { codePagesBase, codePagesBytes, RAM_BASE, State } from './state-layout.js';
import { Timers, Tsr } from './timers.js';

const PVR_440EP_REV_B = 0x422218d3;
const WASM_PAGE_BYTES = 65536;
/** From this size on a page is taken for one of a linear mapping, where code and data have the same translation. */
const LINEAR_PAGE_BYTES = 1 << 20;
const PVR = sprn('PVR');

/** Interrupts that generated code takes, a bit each: those with SRR0 and SRR1. */
const BASE_VECTORS = VECTORS.reduce((bits, row) => (row.class === 'base' ? bits | (1 << row.ivor) : bits), 0);

/** A PowerPC 440EP core: its state in a WebAssembly memory, an interpreter generated from the ISA table, MMU, timers and interrupts. */
export class Processor440 implements Processor {
  interruptTarget: 'vectors' | 'host' = 'vectors';
  readonly memory: PhysicalMemory;
  readonly clock: ModelledClock;
  readonly hostMemory: HostMemory;

  readonly #state: ProcessorState;
  readonly #time: GuestTime;
  readonly #tlb: TranslationLookasideBuffer;
  readonly #softTlb: SoftTlb;
  readonly #access: MemoryAccess;
  readonly #timers: Timers;
  readonly #registers: SpecialRegisters;
  readonly #debug: DebugFacility;
  readonly #interrupts: InterruptUnit;
  readonly #units: CalloutUnits;
  readonly #faults: FaultWatch;
  readonly #translator: Translator | undefined;
  readonly #engine: () => void;
  readonly #findContexts: () => void;
  readonly #countsInstructions: boolean;

  /** MSR or PID have changed since the tables of the software TLB were selected. */
  #contextsStale = false;
  #stopRequested = false;
  #resetRequested = false;

  constructor(options: Processor440Options) {
    const pages = Math.ceil((codePagesBase(options.ramSizeBytes) + codePagesBytes(options.ramSizeBytes)) / WASM_PAGE_BYTES);
    const memory = new wasmHost.Memory({ initial: pages, maximum: pages });
    const { buffer } = memory;
    this.#state = new ProcessorState(buffer);
    this.#faults = new FaultWatch(this.#state);
    const handlers = {
      ...calloutHandlers(
        this.#state,
        () => this.#units,
        (value) => this.#setMsr(value),
      ),
      attend: () => this.#attend(),
      selectContexts: () => this.#access.selectContexts(),
    };
    const functions = instantiateCallouts(memory, pages, options.ramSizeBytes, options, handlers);
    const callouts = { ...handlers, ...functions };
    this.#findContexts = functions.findContexts;
    this.#tlb = new TranslationLookasideBuffer(buffer, functions);
    this.#softTlb = new SoftTlb(buffer, functions);
    const codePages = new Uint8Array(buffer, codePagesBase(options.ramSizeBytes), codePagesBytes(options.ramSizeBytes));
    const ram = new Ram(buffer, RAM_BASE, options.ramSizeBytes, codePages, (pa, lengthBytes) =>
      this.#translator?.invalidate(pa, lengthBytes),
    );
    this.memory = ram;
    this.hostMemory = hostMemoryIn(buffer);
    this.#time = new GuestTime(buffer);
    this.clock = new ModelledClock(options, this.#time);
    this.#timers = new Timers(this.clock);
    this.#access = new MemoryAccess(this.#state, this.#tlb, this.#softTlb, ram, options.devices);
    this.#debug = new DebugFacility(this.#state, (pc) => this.#access.fetchable(pc));
    this.#registers = new SpecialRegisters(this.#state, this.clock, this.#timers, {
      pidChanged: () => this.#translationStateChanged(),
      debugControlChanged: () => this.#debugControlChanged(),
      timersChanged: () => this.#attend(),
    });
    this.#interrupts = new InterruptUnit(this.#state, this.#timers, this.#debug);
    this.#units = {
      access: this.#access,
      registers: this.#registers,
      dcrs: options.dcrs,
      tlb: this.#tlb,
      fpu: new FloatingPointUnit(buffer, State.fpr, State.fpscr),
      debug: this.#debug,
    };
    this.#state.setSpr(PVR, options.pvr ?? PVR_440EP_REV_B);

    installDecodeTable(buffer);
    installSprRules(buffer);
    this.#countsInstructions = options.countInstructions ?? false;
    if (this.#countsInstructions || (options.engine ?? DEFAULT_ENGINE) === 'interpreter') {
      const module = new wasmHost.Module(buildInterpreterModule(pages, this.#countsInstructions));
      const instance = new wasmHost.Instance(module, { env: { memory, ...callouts } });
      this.#engine = instance.exports.interpret as () => void;
      return;
    }
    this.#translator = new Translator(
      {
        memory,
        memoryPages: pages,
        codePages,
        ramSizeBytes: options.ramSizeBytes,
        callouts,
        isLinear: (pc) => this.#access.codePageSizeBytes(pc) >= LINEAR_PAGE_BYTES,
        watchPages: (each, watched) => this.#softTlb.watchPages(each, watched),
        attend: () => this.#attend(),
        nowMs: () => performance.now(),
      },
      options.translationThresholds,
    );
    this.#engine = this.#translator.run;
  }

  /** How often each instruction was begun, by mnemonic; undefined unless the processor was made to count. Modulo 2**32. */
  instructionMix(): ReadonlyMap<string, number> | undefined {
    if (!this.#countsInstructions) return undefined;
    const counts = new Uint32Array(this.#state.buffer, State.instructionCounts, INSTRUCTION_SET.length + 1);
    return new Map(INSTRUCTION_SET.flatMap(({ id, mnemonic }) => (counts[id] ? [[mnemonic, counts[id]] as const] : [])));
  }

  /** What the translator has done; undefined where the engine is the interpreter. */
  get translatorStatistics(): TranslatorStatistics | undefined {
    return this.#translator?.statistics(this.#time.retired);
  }

  // --- registers ------------------------------------------------------------------------------------------------------------
  get pc(): number {
    return this.#state.pc;
  }
  set pc(value: number) {
    this.#state.pc = value;
  }
  get msr(): number {
    return this.#state.msr;
  }
  set msr(value: number) {
    this.#setMsr(value);
  }
  get cr(): number {
    return this.#state.cr;
  }
  set cr(value: number) {
    this.#state.cr = value;
  }
  get lr(): number {
    return this.#state.get(State.lr);
  }
  set lr(value: number) {
    this.#state.set(State.lr, value);
  }
  get ctr(): number {
    return this.#state.get(State.ctr);
  }
  set ctr(value: number) {
    this.#state.set(State.ctr, value);
  }
  get xer(): number {
    return this.#state.xer;
  }
  set xer(value: number) {
    this.#state.xer = value;
  }
  get fpscr(): number {
    return this.#state.get(State.fpscr);
  }
  set fpscr(value: number) {
    this.#state.set(State.fpscr, value);
  }
  gpr(n: number): number {
    return this.#state.gpr(n);
  }
  setGpr(n: number, value: number): void {
    this.#state.setGpr(n, value);
  }
  fpr(n: number): bigint {
    return this.#state.fpr(n);
  }
  setFpr(n: number, bits: bigint): void {
    this.#state.setFpr(n, bits);
  }

  readSpr(number: number): number | undefined {
    const row = sprByNumber(number);
    return row?.read ? this.#registers.read(row) : undefined;
  }
  writeSpr(number: number, value: number): void {
    const row = sprByNumber(number);
    if (row?.write) this.#registers.write(row, value >>> 0);
  }

  readTlb(index: number): TlbWords {
    return this.#tlb.read(index);
  }
  writeTlb(index: number, word: 0 | 1 | 2, value: number, tid = 0): void {
    this.#tlb.write(index, word, value, tid);
  }
  writeTlbEntry(index: number, word0: number, word1: number, word2: number, tid: number): void {
    this.#tlb.writeEntry(index, word0, word1, word2, tid);
  }
  takeTlbReference(index: number): boolean {
    return this.#tlb.takeReference(index);
  }

  clearReservation(): void {
    this.#state.set(State.reservationValid, 0);
  }

  installHostRoutine(vector: number, write: HostRoutineWriter): void {
    this.#translator?.installHostRoutine(vector, write);
  }
  get hostInstructions(): number {
    return this.#time.hostInstructions;
  }

  interruptedInstruction(): number | undefined {
    return this.#access.wordInTables(this.#interrupts.interruptedPc);
  }

  translate(ea: number, access: 'read' | 'write' | 'execute', addressSpace: 0 | 1, pid: number, user: boolean): number | undefined {
    const entry = this.#tlb.search(ea >>> 0, addressSpace, pid);
    if (entry < 0 || !permits(this.#tlb.word(entry, 2), Access[access], user)) return undefined;
    return this.#tlb.physicalAddress(entry, ea >>> 0);
  }

  get lastVector(): number {
    return this.#interrupts.lastVector;
  }

  // --- inputs ---------------------------------------------------------------------------------------------------------------
  setExternal(asserted: boolean): void {
    this.#interrupts.external = asserted;
    if (asserted) this.#attend();
  }
  setCritical(asserted: boolean): void {
    this.#interrupts.critical = asserted;
    if (asserted) this.#attend();
  }
  /** The debug event that comes from outside (DBSR[UDE]), at the next instruction boundary. */
  raiseDebugEvent(): void {
    this.#debug.recordUnconditional();
    this.#attend();
  }
  requestStop(): void {
    this.#stopRequested = true;
    this.#attend();
  }
  /** The fault that the guest repeats without end, if it does. */
  get endlessFault(): RepeatedFault | undefined {
    return this.#faults.endlessFault;
  }

  /** What has been counted since the processor was made. */
  statistics(): ProcessorStatistics {
    return readStatistics(this.#state);
  }

  // --- execution ------------------------------------------------------------------------------------------------------------
  /** Makes the engine stop after the running instruction, so that the run loop looks at what has changed. */
  #attend(): void {
    this.#time.cutShort();
  }

  /** Instructions of the guest that are done, by the processor or by host routines. */
  get #completed(): number {
    return this.#time.retired + this.#time.hostInstructions;
  }

  run(maxInstructions: number): StopReason {
    const end = this.#completed + maxInstructions;
    this.#faults.beginRun();
    for (;;) {
      if (this.#stopRequested) {
        this.#stopRequested = false;
        return StopReason.stopped;
      }
      this.#timers.update();
      if (this.#resetRequested || this.#timers.resetRequested) {
        this.#debug.recordReset(this.#debug.requestedReset || (this.#timers.tsr & Tsr.WRS) >>> 28);
        return StopReason.reset;
      }
      if (this.#delayedFloatingPointException) {
        this.#interrupt(Vector.program, Esr.FP | Esr.PIE, 0);
        if (this.interruptTarget === 'host') return StopReason.interrupt;
        continue;
      }
      const asynchronous = this.#interrupts.pendingAsynchronous;
      if (asynchronous !== NO_VECTOR) {
        this.#interrupt(asynchronous, 0, 0);
        if (this.interruptTarget === 'host') return StopReason.interrupt;
        continue;
      }
      const toEvent = this.#timers.cyclesToNextEvent();
      if (this.#state.msr & Msr.WE) {
        if (toEvent === Number.POSITIVE_INFINITY) return StopReason.wait;
        this.clock.advance(toEvent);
        continue;
      }
      const toLimit = end - this.#completed;
      if (toLimit <= 0) return StopReason.limit;
      if (this.#debug.watchesInstructions) {
        if (this.#debug.beforeInstruction()) continue;
        this.#executeOne();
      } else this.#execute(toLimit, toEvent);
      if (this.#state.get(State.pendingVector) !== 0) {
        const vector = this.#state.get(State.pendingVector) - 1;
        this.#state.set(State.pendingVector, 0);
        // A hypervisor makes progress where the processor sees none: it judges its guest's faults by itself.
        const toHost = this.interruptTarget === 'host';
        if (!toHost) this.#faults.record(vector, this.#state.pc, this.#state.get(State.pendingDear), this.#time.retired);
        this.#interrupt(vector, this.#state.get(State.pendingEsr), this.#state.get(State.pendingDear));
        if (toHost) return StopReason.interrupt;
      }
      if (this.#faults.isEndless) return StopReason.stopped;
    }
  }

  /** Executes at most so many instructions and cycles. */
  #execute(toLimit: number, toEvent: number): void {
    this.#state.set(State.deliverableVectors, this.interruptTarget === 'vectors' && !this.#debug.isActive ? BASE_VECTORS : 0);
    this.#state.set(State.attentionBits, this.#interrupts.mayInterrupt ? ATTENTION_BITS | Msr.EE | Msr.CE : ATTENTION_BITS);
    if (this.#contextsStale) {
      this.#contextsStale = false;
      this.#selectContexts();
    }
    const { retired } = this.#time;
    this.#faults.beginStretch(retired, this.#time.begin(toLimit, toEvent));
    this.#engine();
    this.#time.end();
    this.#translator?.observe(this.#time.retired);
    this.#faults.endStretch(this.#time.retired, this.#state.get(State.remaining));
  }

  /** A single instruction, whose completion may be a debug event. */
  #executeOne(): void {
    const { msr } = this.#state;
    const before = this.#time.retired;
    this.#execute(1, 1);
    this.#debug.afterInstruction(this.#time.retired > before, msr);
  }

  /** FPSCR[FEX] was set while the exception was masked, and is still set when MSR[FE0,FE1] unmask it (PPC440x5 UM, section 6.5.7). */
  get #delayedFloatingPointException(): boolean {
    return (this.#state.msr & (Msr.FE0 | Msr.FE1)) !== 0 && (this.#state.get(State.fpscr) & Fpscr.FEX) !== 0;
  }

  #interrupt(vector: number, esr: number, dear: number): void {
    this.#setMsr(this.#interrupts.enter(vector, esr, dear));
    if (vector !== Vector.debug) this.#debug.interruptTaken(VECTORS[vector]!.class);
  }

  #setMsr(value: number): void {
    const msr = value & MSR_IMPLEMENTED;
    const changed = this.#state.msr ^ msr;
    this.#state.set(State.msr, msr);
    if (changed & (Msr.PR | Msr.IS | Msr.DS)) this.#translationStateChanged();
    if (changed & msr & (Msr.EE | Msr.CE | Msr.WE | Msr.ME | Msr.DE) || this.#delayedFloatingPointException) this.#attend();
  }

  /** Generated code needs its tables at once; a host that leaves and enters guests may well come back to the same. */
  #translationStateChanged(): void {
    if (this.#time.isExecuting) this.#selectContexts();
    else this.#contextsStale = true;
  }

  #selectContexts(): void {
    if (!this.#access.contextsAreCurrent) this.#findContexts();
  }

  #debugControlChanged(): void {
    this.#debug.controlChanged();
    this.#access.watch(this.#debug.watchesData ? this.#debug : undefined);
    this.#resetRequested ||= this.#debug.requestedReset !== 0;
    this.#attend();
  }
}
