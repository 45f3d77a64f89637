import { type BookedExit, EXIT_TYPES } from '@exitlab/hypervisor';
import type { Machine } from '@exitlab/monitor';
import type { PathExit, PrivilegedStep } from './expected-exits.js';
import type { PathRow } from './guest-path.js';

/** A path that is looked for among the exits of a run. */
export interface WatchedPath {
  readonly row: PathRow;
  readonly steps: readonly PrivilegedStep[];
}

/** What a run made of a path. */
export interface MeasuredPath {
  /** The exits of one time through it, in order: the list that occurred most often. Virtual misses and the host's interrupts apart. */
  readonly exits: readonly PathExit[];
  /** How often the guest went through it while the workload ran; 0 where no exit shows it. */
  readonly occurrences: number;
  /** Of those, how many made just this list. */
  readonly alike: number;
  /** All exits of the workload by type, or for a path that is no round trip, those at its instructions. */
  readonly exitsByType: Readonly<Record<string, number>>;
}

/** Exits that are no part of a path: they depend on what the shadow TLB holds, and on the time. */
const APART = new Set(['DTLBVIRT', 'ITLBVIRT', 'DEC', 'EXTINT']);

/** Looks for paths among the exits of a run, each while its workload runs. */
export class PathWatch {
  readonly #machine: () => Machine;
  readonly #workload: () => string;
  readonly #watches: readonly Watch[];

  constructor(machine: () => Machine, workload: () => string, paths: readonly WatchedPath[]) {
    this.#machine = machine;
    this.#workload = workload;
    this.#watches = paths.map(({ row, steps }) => (row.isRoundTrip ? new RoundTripWatch(row, steps) : new PlaceWatch(row, steps)));
  }

  /** To be told of every exit. */
  readonly observe = (exit: BookedExit): void => {
    const watch = this.#watches.find(({ workload }) => workload === this.#workload());
    if (watch === undefined) return;
    watch.observe(exit, EXIT_TYPES[exit.type]!.name, this.#machine().hypervisor!.vcpu.pc);
  };

  /** In the order of the paths. */
  measured(): MeasuredPath[] {
    return this.#watches.map((watch) => watch.measured());
  }
}

abstract class Watch {
  readonly workload: string;
  readonly #lists = new Map<string, { readonly exits: readonly PathExit[]; count: number }>();
  readonly #byType: Record<string, number> = {};

  constructor({ workload }: PathRow) {
    this.workload = workload;
  }

  abstract observe(exit: BookedExit, type: string, nextPc: number): void;

  protected count(type: string): void {
    this.#byType[type] = (this.#byType[type] ?? 0) + 1;
  }

  protected complete(exits: readonly PathExit[]): void {
    const key = exits.map(({ pc, type }) => `${pc} ${type}`).join();
    const list = this.#lists.get(key) ?? { exits, count: 0 };
    list.count++;
    this.#lists.set(key, list);
  }

  measured(): MeasuredPath {
    const lists = [...this.#lists.values()];
    const occurrences = lists.reduce((sum, { count }) => sum + count, 0);
    const most = lists.reduce((best, list) => (list.count > best.count ? list : best), { exits: [] as readonly PathExit[], count: 0 });
    return { exits: most.exits, occurrences, alike: most.count, exitsByType: this.#byType };
  }
}

/** From an interrupt in user code to the `rfi` that returns there. A system call is meant by its place, a miss can be anywhere. */
class RoundTripWatch extends Watch {
  readonly #first: PrivilegedStep;
  #returnPc = 0;
  #exits: PathExit[] | undefined;

  constructor(row: PathRow, steps: readonly PrivilegedStep[]) {
    super(row);
    this.#first = steps[0]!;
  }

  observe({ pc, work }: BookedExit, type: string, nextPc: number): void {
    this.count(type);
    if (type === this.#first.type && work.fromUserMode && (type !== 'SYSCALL' || pc === this.#first.pc + 4)) {
      this.#exits = [{ pc: this.#first.pc, type }];
      this.#returnPc = pc;
      return;
    }
    if (this.#exits === undefined || APART.has(type)) return;
    this.#exits.push({ pc, type });
    if (type !== 'EMUL_RFI' || nextPc !== this.#returnPc) return;
    this.complete(this.#exits);
    this.#exits = undefined;
  }
}

/** The exits at the instructions of a stretch of kernel code. Where it makes none, nothing shows how often it was executed. */
class PlaceWatch extends Watch {
  readonly #pcs: readonly number[];
  #exits: PathExit[] = [];

  constructor(row: PathRow, steps: readonly PrivilegedStep[]) {
    super(row);
    this.#pcs = steps.map(({ pc }) => pc);
  }

  observe({ pc }: BookedExit, type: string): void {
    if (!this.#pcs.includes(pc) || APART.has(type)) return;
    this.count(type);
    if (pc <= (this.#exits.at(-1)?.pc ?? 0)) this.#finish();
    this.#exits.push({ pc, type });
    if (pc === this.#pcs.at(-1)) this.#finish();
  }

  /** Sites that are patched at their first trap make one list, and then none. */
  override measured(): MeasuredPath {
    const measured = super.measured();
    return measured.alike > 1 ? measured : { ...measured, exits: [] };
  }

  #finish(): void {
    if (this.#exits.length > 0) this.complete(this.#exits);
    this.#exits = [];
  }
}
