import { buildHostRoutineModule, HOST_ROUTINE, type HostRoutineWriter } from '../host/host-routine-module.js';
import { Msr } from '../isa/vectors.js';
import {
  ENTRIES_BASE,
  FUNCTION_TABLE_SIZE,
  HEAT_BASE,
  HEAT_BYTES,
  HEAT_TRANSLATED,
  HOST_ROUTINES,
  RAM_BASE,
  RAM_OFFSET,
  REGION_TABLE_SIZE,
  SLOT_BASE,
  SLOT_BYTES,
  Slot,
  State,
} from '../processor/state-layout.js';
import { type WasmMemory, type WasmTable, wasmHost } from '../wasm/host.js';
import { encodeModule } from '../wasm/module-encoder.js';
import { CodeMap, type CodeRange } from './code-map.js';
import { FALL_BACK_MNEMONICS } from './fall-backs.js';
import { type CodeSource, discoverRegion, type Region, type RegionLimits, type RegionNode } from './region-discovery.js';
import { buildRegionFunction, RegionExit, type RegionFunction } from './region-function.js';
import { REGION_IMPORTS } from './region-imports.js';
import { buildRuntimeModule } from './runtime-module.js';
import type { TranslatorStatistics } from './statistics.js';
import { type InterpretedInstructions, TranslationProgress } from './translation-progress.js';

/** When code is translated. Numbers of times; the defaults are measured (docs/translator.md). */
export interface TranslationThresholds {
  /** Control comes to an address so often before a region is made for it, at first; a power of two, at least 2. */
  readonly warm: number;
  /** It falls to half when so many instructions have retired, to a quarter after twice as many, and so on; never where absent. `least` is a power of two, at least 2. */
  readonly fall?: { readonly halvedAfter: number; readonly least: number };
  /** A region is entered so often before a larger one takes its place. */
  readonly hot: number;
  /** Guest instructions in all regions that are kept; {@link MAX_LIVE_INSTRUCTIONS} where absent. */
  readonly keptInstructions?: number;
}

export const DEFAULT_THRESHOLDS: TranslationThresholds = { warm: 4096, fall: { halvedAfter: 2 ** 27, least: 64 }, hot: 1 << 15 };

/** What the translator needs of the processor. */
export interface TranslatorHost {
  readonly memory: WasmMemory;
  readonly memoryPages: number;
  /** By page of RAM: not 0 where stores must be looked at, because it holds translated code. The translator keeps it. */
  readonly codePages: Uint8Array;
  readonly ramSizeBytes: number;
  readonly callouts: Readonly<Record<string, unknown>>;
  /** Whether the page belongs to a TLB entry so large that data accesses are likely to find the same one. */
  isLinear(pc: number): boolean;
  /** Makes stores to pages of RAM watched, or free again, in every context. */
  watchPages(pages: ReadonlySet<number>, watched: boolean): void;
  /** Makes the engine stop after the running instruction. */
  attend(): void;
  /** Host time in milliseconds, for statistics alone. */
  nowMs(): number;
}

/** What translated code is found by: its address, the execute entry of its page, and XER[SO], for which there is code of its own. */
interface CodePlace {
  readonly pc: number;
  readonly entry: number;
  readonly overflow: boolean;
}

interface TranslatedRegion {
  readonly overflow: boolean;
  readonly tableIndex: number;
  readonly function: RegionFunction;
  readonly ranges: readonly CodeRange[];
}

const BATCH_REGIONS = 64;
/** When more wait for their context, they are forgotten: many will be of processes that have ended. */
const MAX_HELD_BACK = 1024;
/** Guest instructions in all regions that are kept; about 90 bytes of WebAssembly each, and several times that when compiled. */
const MAX_LIVE_INSTRUCTIONS = 500_000;
/** What a region takes in: little while it is only warm, what belongs together once it is hot. */
const WARM_LIMITS: RegionLimits = { maxInstructions: 64, maxCallDepth: 0, overlaps: false };
const HOT_LIMITS: RegionLimits = { maxInstructions: 400, maxCallDepth: 3, overlaps: true };
const PAGE_BYTES = 4096;
/** No pc ends in these bits, nor one with XER[SO] in the lowest. */
const EMPTY_SLOT = 2;

/** Translates hot code to WebAssembly and keeps what it has made. */
export class Translator {
  /** Runs until the count in State.remaining is used up or an interrupt is pending. */
  readonly run: () => void;
  readonly #host: TranslatorHost;
  readonly #keptInstructions: number;
  readonly #words: Int32Array;
  readonly #table: WasmTable;
  readonly #imports: Record<string, unknown>;
  readonly #codeMap: CodeMap<TranslatedRegion>;
  readonly #byPlace = new Map<number, { region: TranslatedRegion; place: number }>();
  readonly #freeIndices: number[] = [];
  /** Roots that wait for translation, and how many of them were of another context when the last batch was made, and wait on. */
  readonly #queue = new Map<number, CodePlace>();
  #heldBack = 0;
  readonly #rootsByPage = new Map<number, Set<number>>();
  readonly #regions = new Set<TranslatedRegion>();
  /** The blocks of the regions of the present batch. */
  readonly #takenIn = new Set<number>();
  /** Pages that hold code since the present batch began. */
  readonly #freshPages = new Set<number>();
  #liveInstructions = 0;
  #nextIndex = 0;
  /** Visits before code is translated, and the instructions retired when they fall to half. */
  #warm: number;
  readonly #leastWarm: number;
  #halvedAt: number;
  readonly #progress = new TranslationProgress((retired) => ({ retired, modules: this.#counts.modules, ...this.#interpreted() }));
  #counts = {
    regions: 0,
    modules: 0,
    translatedInstructions: 0,
    wasmBytes: 0,
    regionsDropped: 0,
    promotions: 0,
    flushes: 0,
    generateMs: 0,
    compileMs: 0,
  };

  constructor(host: TranslatorHost, thresholds: TranslationThresholds = DEFAULT_THRESHOLDS) {
    this.#warm = thresholds.warm;
    this.#leastWarm = thresholds.fall?.least ?? thresholds.warm;
    this.#halvedAt = thresholds.fall?.halvedAfter ?? Number.POSITIVE_INFINITY;
    this.#keptInstructions = thresholds.keptInstructions ?? MAX_LIVE_INSTRUCTIONS;
    this.#host = host;
    this.#words = new Int32Array(host.memory.buffer);
    this.#words[State.heatMask >>> 2] = this.#warm - 1;
    for (let slot = 0; slot < SLOT_BYTES; slot += Slot.size) this.#words[(SLOT_BASE + slot + Slot.pc) >>> 2] = EMPTY_SLOT;
    this.#codeMap = new CodeMap(host.codePages, host.memory.buffer, host.ramSizeBytes);
    this.#table = new wasmHost.Table({ element: 'anyfunc', initial: FUNCTION_TABLE_SIZE });
    const bytes = buildRuntimeModule({
      memoryPages: host.memoryPages,
      promotionEntries: thresholds.hot,
    });
    const env = {
      memory: host.memory,
      table: this.#table,
      ...host.callouts,
      translate: () => this.#request(),
      promote: () => this.#promote(),
    };
    const runtime = new wasmHost.Instance(new wasmHost.Module(bytes), { env });
    this.#imports = { ...env, ...runtime.exports };
    this.run = runtime.exports.run as () => void;
  }

  /**
   * Told whenever the engine stops. What translating costs is paid once, and the longer a run has been, the longer it is likely to go on: so
   * the longer, the rarer is the code that is worth it.
   * @param retiredInstructions instructions that the processor has retired so far
   */
  observe(retiredInstructions: number): void {
    this.#progress.observe(retiredInstructions);
    while (retiredInstructions >= this.#halvedAt && this.#warm > this.#leastWarm) {
      this.#halvedAt *= 2;
      this.#warm /= 2;
      this.#words[State.heatMask >>> 2] = this.#warm - 1;
    }
  }

  /** @param retiredInstructions instructions that the processor has retired so far */
  statistics(retiredInstructions: number): TranslatorStatistics {
    const fallBacks = FALL_BACK_MNEMONICS.map((mnemonic, index) => [mnemonic, this.#words[(State.fallBackCounts >>> 2) + index]! >>> 0]);
    return {
      ...this.#counts,
      retiredInstructions,
      interpretedInstructions: this.#interpreted(),
      settledInstructions: this.#progress.settled(retiredInstructions),
      interpretedByTenth: this.#progress.interpretedByTenth(retiredInstructions),
      fallBacks: Object.fromEntries(fallBacks),
    };
  }

  #interpreted(): InterpretedInstructions {
    const interpreted = (reason: number): number => {
      const cell = (State.interpreted >>> 2) + 2 * reason;
      return (this.#words[cell]! >>> 0) + this.#words[cell + 1]! * 2 ** 32;
    };
    return {
      cold: interpreted(RegionExit.goOn),
      nearEvent: interpreted(RegionExit.nearEvent),
      fallBack: interpreted(RegionExit.fallBack),
      access: interpreted(RegionExit.access),
    };
  }

  /** Makes the runtime call a host's routine for interrupts of one kind. */
  installHostRoutine(vector: number, write: HostRoutineWriter): void {
    const bytes = buildHostRoutineModule(vector, write, this.#host.memoryPages);
    const { exports } = new wasmHost.Instance(new wasmHost.Module(bytes), { env: this.#imports });
    this.#table.set(HOST_ROUTINES + vector, exports[HOST_ROUTINE]);
    this.#words[State.hostVectors >>> 2] |= 1 << vector;
  }

  /** RAM has changed: code made from it is dropped. */
  invalidate(pa: number, lengthBytes: number): void {
    if (lengthBytes <= 4 && !this.#codeMap.hasCode(pa)) return;
    const touched = this.#codeMap.touchedBy(pa, lengthBytes);
    if (touched.length === 0) return;
    for (const region of touched) this.#drop(region);
    this.#host.attend();
  }

  // --- translating ----------------------------------------------------------------------------------------------------------
  /** Control has come to State.pc often without finding a region. */
  #request(): void {
    const pc = this.#words[State.pc >>> 2]! >>> 0;
    const entry = this.#executeEntry(pc);
    if (entry === 0) return;
    const wanted = { pc, entry, overflow: this.#overflow };
    const known = this.#byPlace.get(placeKey(wanted));
    if (known) {
      this.#fillSlot(wanted, known.region, known.place);
      return;
    }
    const key = placeKey(wanted);
    const isUrgent = this.#queue.has(key);
    this.#queue.set(key, wanted);
    // A module costs as much as a hundred instructions in it, so regions wait for company; but not until they are as often asked for again.
    if (isUrgent || this.#queue.size >= this.#heldBack + BATCH_REGIONS) this.#translateQueue();
  }

  #translateQueue(): void {
    const startMs = this.#host.nowMs();
    this.#makeRoom();
    // In the order of addresses a region takes in what follows it, and that needs none of its own.
    const requests = [...this.#queue.values()].sort((a, b) => a.pc - b.pc);
    this.#queue.clear();
    this.#takenIn.clear();
    const batch: TranslatedRegion[] = [];
    const elsewhere: CodePlace[] = [];
    for (const wanted of requests) {
      const key = placeKey(wanted);
      if (this.#takenIn.has(key) || this.#byPlace.has(key)) continue;
      if (this.#executeEntry(wanted.pc) !== wanted.entry) {
        elsewhere.push(wanted);
        continue;
      }
      const region = this.#prepare(wanted.pc, wanted.overflow, WARM_LIMITS);
      if (region) batch.push(region);
    }
    // Code of another process, or whose page has left a shadow TLB: when it asks again, it is there and is translated at once.
    if (elsewhere.length < MAX_HELD_BACK) for (const wanted of elsewhere) this.#queue.set(placeKey(wanted), wanted);
    this.#heldBack = this.#queue.size;
    this.#compile(batch, startMs);
  }

  /** The region at State.pc is entered so often that a larger one pays. */
  #promote(): void {
    const startMs = this.#host.nowMs();
    const pc = this.#words[State.pc >>> 2]! >>> 0;
    if (this.#executeEntry(pc) === 0) return;
    this.#makeRoom();
    const region = this.#prepare(pc, this.#overflow, HOT_LIMITS);
    if (!region) return;
    // Entered a million times or not: this is as large as it gets.
    this.#words[(ENTRIES_BASE >>> 2) + region.tableIndex] = -(2 ** 31);
    this.#counts.promotions++;
    this.#compile([region], startMs);
  }

  /** Starts from nothing when the cache is full: what is hot comes back at once, and no bookkeeping of use is needed meanwhile. */
  #makeRoom(): void {
    const free = REGION_TABLE_SIZE - this.#nextIndex + this.#freeIndices.length;
    if (free > BATCH_REGIONS && this.#liveInstructions < this.#keptInstructions) return;
    for (const region of [...this.#regions]) this.#drop(region);
    this.#counts.flushes++;
  }

  #compile(batch: readonly TranslatedRegion[], startMs: number): void {
    if (batch.length === 0) return;
    if (this.#freshPages.size > 0) this.#host.watchPages(this.#freshPages, true);
    this.#freshPages.clear();
    const bytes = encodeModule({
      functionImports: REGION_IMPORTS,
      memory: { minimumPages: this.#host.memoryPages, maximumPages: this.#host.memoryPages },
      functions: batch.map(({ function: { definition } }) => definition),
    });
    const generatedMs = this.#host.nowMs();
    const { exports } = new wasmHost.Instance(new wasmHost.Module(bytes), { env: this.#imports });
    // Not by an element segment: an instance that imports a table holds a copy of it.
    for (const { tableIndex } of batch) this.#table.set(tableIndex, exports[tableIndex]);
    const counts = this.#counts;
    counts.modules++;
    counts.wasmBytes += bytes.length;
    counts.generateMs += generatedMs - startMs;
    counts.compileMs += this.#host.nowMs() - generatedMs;
  }

  /** Makes the function of a region and enters its places; it can run once its module is there. */
  #prepare(pc: number, overflow: boolean, limits: RegionLimits): TranslatedRegion | undefined {
    const region = discoverRegion(pc, this.#sources[overflow ? 1 : 0], limits);
    const root = region.find(pc, undefined);
    if (root === undefined || region.nodes[root]!.instructions.length === 0) return undefined;
    for (const node of region.nodes) this.#takenIn.add(placeKey({ pc: node.pc, entry: node.entry, overflow }));
    const tableIndex = this.#freeIndices.pop() ?? this.#nextIndex++;
    const made = buildRegionFunction(region, { tableIndex, overflow, expectedEntry: (node) => this.#expectedEntry(node) });
    this.#words[(ENTRIES_BASE >>> 2) + tableIndex] = 0;
    this.#counts.regions++;
    this.#counts.translatedInstructions += made.instructionCount;
    return this.#install(region, made, tableIndex, overflow);
  }

  /** The code for XER[SO] 0 and 1. */
  readonly #sources = [this.#sourceFor(false), this.#sourceFor(true)] as const;

  #sourceFor(overflow: boolean): CodeSource {
    const isUserMode = () => (this.#words[State.msr >>> 2]! & Msr.PR) !== 0;
    return {
      get isUserMode() {
        return isUserMode();
      },
      executeEntry: (pc) => this.#executeEntry(pc),
      word: (pc, entry) => this.#words[hostAddress(pc, entry) >>> 2]! >>> 0,
      isTranslated: (pc) => this.#byPlace.has(placeKey({ pc, entry: this.#executeEntry(pc), overflow })),
      rootsNear: (pc) => this.#rootsByPage.get(pc >>> 12) ?? [],
      isWarm: (pc) => {
        const entry = this.#executeEntry(pc);
        return entry !== 0 && this.#words[heatOf(pc, entry)] !== 0;
      },
    };
  }

  /** XER[SO] as it is now. */
  get #overflow(): boolean {
    return this.#words[State.xerSo >>> 2] !== 0;
  }

  #executeEntry(pc: number): number {
    return this.#words[(this.#words[State.executeTable >>> 2]! + (pc >>> 12) * 4) >>> 2]!;
  }

  #expectedEntry({ pc, entry }: RegionNode): number | undefined {
    return this.#host.isLinear(pc) ? entry : undefined;
  }

  #install(region: Region, made: RegionFunction, tableIndex: number, overflow: boolean): TranslatedRegion {
    const ranges = region.nodes.map((node) => ({
      pa: hostAddress(node.pc, node.entry) - RAM_BASE,
      sizeBytes: node.instructions.length * 4,
    }));
    const translated: TranslatedRegion = { overflow, tableIndex, function: made, ranges };
    this.#regions.add(translated);
    const roots = this.#rootsByPage.get(region.root >>> 12);
    if (roots) roots.add(region.root);
    else this.#rootsByPage.set(region.root >>> 12, new Set([region.root]));
    this.#liveInstructions += made.instructionCount;
    for (const range of ranges) if (this.#codeMap.add(translated, range)) this.#freshPages.add(Math.floor(range.pa / PAGE_BYTES));
    for (const { pc, entry, place } of made.places) {
      const at = { pc, entry, overflow };
      this.#byPlace.set(placeKey(at), { region: translated, place });
      this.#fillSlot(at, translated, place);
    }
    return translated;
  }

  #slotOf(pc: number, entry: number): number {
    return (SLOT_BASE + ((((pc + entry) & -4) << 2) & (SLOT_BYTES - Slot.size))) >>> 2;
  }

  #fillSlot({ pc, entry, overflow }: CodePlace, region: TranslatedRegion, place: number): void {
    const slot = this.#slotOf(pc, entry);
    this.#words[slot + (Slot.pc >>> 2)] = overflow ? pc | 1 : pc;
    this.#words[slot + (Slot.entry >>> 2)] = entry;
    this.#words[slot + (Slot.function >>> 2)] = region.tableIndex;
    this.#words[slot + (Slot.place >>> 2)] = place;
    this.#words[heatOf(pc, entry)]! |= HEAT_TRANSLATED;
  }

  #drop(region: TranslatedRegion): void {
    const empty = this.#codeMap.remove(region, region.ranges);
    if (empty.size > 0) this.#host.watchPages(empty, false);
    for (const { pc, entry } of region.function.places) {
      const key = placeKey({ pc, entry, overflow: region.overflow });
      if (this.#byPlace.get(key)?.region === region) this.#byPlace.delete(key);
      const slot = this.#slotOf(pc, entry);
      if (this.#words[slot + (Slot.function >>> 2)] === region.tableIndex) this.#words[slot + (Slot.pc >>> 2)] = EMPTY_SLOT;
      this.#words[heatOf(pc, entry)]! &= ~HEAT_TRANSLATED;
    }
    this.#regions.delete(region);
    this.#liveInstructions -= region.function.instructionCount;
    this.#table.set(region.tableIndex, null);
    this.#freeIndices.push(region.tableIndex);
    this.#counts.regionsDropped++;
  }
}

/** Where the word of an address is in the processor's memory, given its page's entry. */
function hostAddress(pc: number, entry: number): number {
  return ((pc + entry) | 0) + RAM_OFFSET;
}

/** The word that counts how often control came to an address. */
function heatOf(pc: number, entry: number): number {
  return (HEAT_BASE + ((pc + entry) & (HEAT_BYTES - 4))) >>> 2;
}

function placeKey({ pc, entry, overflow }: CodePlace): number {
  return ((pc >>> 2) * 2 + (overflow ? 1 : 0)) * 2 ** 20 + (entry >>> 12);
}
