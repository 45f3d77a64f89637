import type { Processor } from '@exitlab/core';
import type { Accounting } from '../accounting.js';
import { type ExitClass, SEARCH_ITEMS, type WorkItemName } from '../exit-classes.js';
import { ExitType } from '../exit-types.js';
import { Priority } from '../interrupts.js';
import type { Policy } from '../policy.js';
import { Ivor, Spr } from '../registers.js';
import type { MappingLimits } from '../shadow-tlb.js';
import { Work } from '../work.js';
import type { ClassesByMode } from './class-choice.js';
import { EmulationCode, type TranslationEmulation } from './emulation-code.js';
import type { ExitRoutineOptions } from './exit-code.js';
import { type MissClasses, MissCode } from './miss-code.js';
import { StorageCode } from './storage-code.js';
import { SystemCallCode } from './system-call-code.js';

/** What the exits that are handled where the guest runs depend on. */
export interface ExitRoutinesOptions extends ExitRoutineOptions {
  readonly policy: Policy;
  readonly accounting: Accounting;
  readonly limits: MappingLimits;
  readonly hasPatchedCode: boolean;
}

/** Fewer repeats of a fault than this are the hypervisor's to count. */
const LEAST_FAULT_LIMIT = 4;
const PAGE_BYTES = 4096;
/** What writing an entry of the guest's TLB takes. */
const ENTRY_ITEMS: readonly WorkItemName[] = [
  'releaseScans',
  'releases',
  'staleReferences',
  'readOnlyReleases',
  'eagerMaps',
  'mapsReplacing',
  'deferrals',
];

/**
 * Puts code into the processor that handles the most frequent exits where the guest runs, as long as nothing is due and no interrupt waits
 * that the guest could take: instructions of the guest kernel that always take the same work (emulation/fixed-work.ts) and, under KVM's
 * own policy, the exits of translation and permissions, and system calls. All else goes to the hypervisor, which handles these in the same
 * way when they come to it; a test holds the two to the same figures.
 */
export function installExitRoutines(processor: Processor, options: ExitRoutinesOptions): void {
  if (options.endlessFaultLimit < LEAST_FAULT_LIMIT) return;
  const classes = handlesTranslation(options) ? translationClasses(options.accounting) : undefined;
  const translation: TranslationEmulation | undefined = classes && {
    ...classes,
    limits: options.limits,
    mapsEagerly: options.policy.mapping === 'eager',
  };
  processor.installHostRoutine(Ivor.PROGRAM, (code) =>
    new EmulationCode(code, { ...options, ...(translation && { translation }) }).write(),
  );
  if (classes === undefined) return;
  processor.installHostRoutine(Ivor.SYSCALL, (code) => {
    const leavesKernel = options.hasPatchedCode || options.policy.magicPage === 'offered';
    new SystemCallCode(code, { ...options, classes: classes.systemCall, leavesKernel }).write();
  });
  for (const [kind, miss, storage] of [
    ['data', Ivor.DTLB_MISS, Ivor.DATA_STORAGE],
    ['instruction', Ivor.ITLB_MISS, Ivor.INST_STORAGE],
  ] as const) {
    processor.installHostRoutine(miss, (code) => new MissCode(code, kind, { ...options, classes: classes[kind] }).write());
    processor.installHostRoutine(storage, (code) => new StorageCode(code, kind, { ...options, classes: classes.storage[kind] }).write());
  }
}

/** Whether translation follows the rules that the routines know. */
function handlesTranslation({ policy, limits }: ExitRoutinesOptions): boolean {
  return (
    policy.hardwarePids === 'two' &&
    policy.permissions === 'kvm' &&
    policy.hostPageBytes === PAGE_BYTES &&
    policy.replacement === 'fifo' &&
    policy.guestTlbSearch === 'linear' &&
    (policy.magicPage === 'none' || policy.magicPageMapping === 'pinned') &&
    limits.ramBytes % PAGE_BYTES === 0
  );
}

interface TranslationClasses extends Omit<TranslationEmulation, 'limits' | 'mapsEagerly'> {
  readonly systemCall: ClassesByMode;
  readonly data: MissClasses;
  readonly instruction: MissClasses;
  readonly storage: Readonly<Record<'data' | 'instruction', ClassesByMode>>;
}

/** The classes of the exits of translation; undefined where the cost profile does not price them by items. */
function translationClasses(accounting: Accounting): TranslationClasses | undefined {
  const all: ExitClass[] = [];
  const exitClass = (type: ExitType, vector: number, userMode: boolean, items: readonly WorkItemName[], fields: Partial<Work>) => {
    const work = new Work();
    work.reset(vector, userMode);
    const made = accounting.exitClass(type, Object.assign(work, fields), items);
    all.push(made);
    return made;
  };
  const byMode = (make: (userMode: boolean) => ExitClass) => ({ kernel: make(false), user: make(true) });
  const reflected = (type: ExitType, vector: number, priority: number) =>
    byMode((userMode) => exitClass(type, vector, userMode, [], { delivered: 1 << priority }));
  const misses = (vector: number, real: ExitType, virtual: ExitType, priority: number): MissClasses => ({
    real: byMode((userMode) => exitClass(real, vector, userMode, SEARCH_ITEMS, { searches: 1, delivered: 1 << priority })),
    virtual: byMode((userMode) =>
      exitClass(virtual, vector, userMode, [...SEARCH_ITEMS, 'mapsReplacing', 'readOnlyReleases', 'deferrals'], {
        searches: 1,
        searchHits: 1,
        maps: 1,
        userModeMaps: userMode ? 1 : 0,
      }),
    ),
  });
  const emulated = { restoresAllGprs: true };
  const tlbwe = ([0, 1, 2] as const).map((tlbWord) =>
    exitClass(ExitType.EMUL_TLBWE, Ivor.PROGRAM, false, ENTRY_ITEMS, { ...emulated, instruction: 'tlbwe', tlbWord }),
  ) as [ExitClass, ExitClass, ExitClass];
  const returnWithEntry = exitClass(ExitType.EMUL_RFI, Ivor.PROGRAM, false, ENTRY_ITEMS, {
    ...emulated,
    instruction: 'rfi',
    returnsWithEntry: true,
  });
  const movesPid = { ...emulated, instruction: 'mtspr', sprn: Spr.PID };
  const classes: TranslationClasses = {
    systemCall: reflected(ExitType.SYSCALL, Ivor.SYSCALL, Priority.SYSCALL),
    data: misses(Ivor.DTLB_MISS, ExitType.DTLBREAL, ExitType.DTLBVIRT, Priority.DTLB_MISS),
    instruction: misses(Ivor.ITLB_MISS, ExitType.ITLBREAL, ExitType.ITLBVIRT, Priority.ITLB_MISS),
    storage: {
      data: reflected(ExitType.DSI, Ivor.DATA_STORAGE, Priority.DATA_STORAGE),
      instruction: reflected(ExitType.ISI, Ivor.INST_STORAGE, Priority.INST_STORAGE),
    },
    tlbwe,
    returnWithEntry,
    samePid: exitClass(ExitType.EMUL_MTSPR, Ivor.PROGRAM, false, ['deferrals'], movesPid),
    otherPid: exitClass(ExitType.EMUL_MTSPR, Ivor.PROGRAM, false, ['releases', 'readOnlyReleases', 'deferrals'], {
      ...movesPid,
      pidChanged: true,
      releaseScans: 1,
    }),
    tlbsx: exitClass(ExitType.EMUL_TLBSX, Ivor.PROGRAM, false, [...SEARCH_ITEMS, 'searchHits', 'deferrals'], {
      ...emulated,
      instruction: 'tlbsx',
      searches: 1,
    }),
  };
  return all.every((each) => each.isPricedByItems) && pairs(classes).every(haveEqualItems) ? classes : undefined;
}

function pairs({ data, instruction }: TranslationClasses): readonly ClassesByMode[] {
  return [data.real, data.virtual, instruction.real, instruction.virtual];
}

/** Whether an item costs the same in either mode. */
function haveEqualItems({ kernel, user }: ClassesByMode): boolean {
  return kernel.items.every((name) => kernel.itemCycles[name] === user.itemCycles[name]);
}
