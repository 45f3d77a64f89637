import type { PatchRule, Trampoline } from './patch-rule.js';
import type { PageField } from './shared-page-layout.js';

const KERNEL = 'code of the guest kernel';
const REACH = `${KERNEL}, within 32 MB of the trampolines`;

function load(pattern: string, field: PageField, keeps: string, group?: string): PatchRule {
  return {
    pattern,
    condition: KERNEL,
    rewrite: { kind: 'load', field },
    keeps,
    costInstructions: 1,
    ...(group !== undefined && { group }),
  };
}

function store(pattern: string, field: PageField, keeps: string, group?: string): PatchRule {
  return {
    pattern,
    condition: KERNEL,
    rewrite: { kind: 'store', field },
    keeps,
    costInstructions: 1,
    ...(group !== undefined && { group }),
  };
}

function outOfLine(pattern: string, keeps: string, trampoline: Trampoline): PatchRule {
  // The branch there, and the one back.
  const costInstructions = trampoline.lines.length + 2;
  return { pattern, condition: REACH, rewrite: { kind: 'trampoline', trampoline }, keeps, costInstructions };
}

const HELD = 'the page holds the register itself: interrupts, emulated moves and rfi use the same word';
const WRITTEN = 'the hypervisor writes the word at each change';
const IMPLEMENTED = 'the page holds the register itself, with bits that the hardware would not keep, which a guest leaves 0';
const TWINS = 'kernel reads under the user-readable number are patched too; the hypervisor gives user code the hardware copy at each entry';

const SAVE = 'stw {T},{trampolineScratch}';
const RESTORE = 'lwz {T},{trampolineScratch}';
const SAVE_SECOND = 'stw {U},{secondScratch}';
const RESTORE_SECOND = 'lwz {U},{secondScratch}';
/** All bits but EE, the only one of the 440's that changes nothing for the hypervisor but which interrupts may come. */
const CLEAR_EE = 'rlwinm {T},{T},0,17,15';
/** All bits but RI, which the 440 does not have and kernels for other processors set. */
const CLEAR_RI = 'rlwinm {T},{T},0,31,29';
const UNTIL_INTERRUPT = 'a pending interrupt that it lets through traps at once; one that comes inside is delivered as before or after it';

/** SPRG4 to SPRG7 have numbers that user code reads without a trap: both sides of the pair, or neither. */
function twins(n: 4 | 5 | 6 | 7): PatchRule[] {
  const [field, group] = [`sprg${n}` as const, `SPRG${n}`];
  return [
    load(`mfspr SPRG${n}`, field, TWINS, group),
    load(`mfspr SPRG${n}R`, field, TWINS, group),
    store(`mtspr SPRG${n}`, field, TWINS, group),
  ];
}

/**
 * Every rule. The moves of SPRG0 to SPRG7, SRR0, SRR1, DEAR, ESR, PIR and the MSR, and tlbsync, are those that Linux's live patching
 * replaces (arch/powerpc/kernel/kvm.c); it has sequences for the moves to the MSR, too. PID, MMUCR, DEC, TSR and the joined tlbwe go beyond it.
 */
export const PATCH_RULES: readonly PatchRule[] = [
  load('mfspr SPRG0', 'sprg0', HELD),
  load('mfspr SPRG1', 'sprg1', HELD),
  load('mfspr SPRG2', 'sprg2', HELD),
  load('mfspr SPRG3', 'sprg3', HELD),
  load('mfspr SRR0', 'srr0', IMPLEMENTED),
  load('mfspr SRR1', 'srr1', HELD),
  load('mfspr DEAR', 'dear', HELD),
  load('mfspr ESR', 'esr', HELD),
  load('mfspr PIR', 'pir', WRITTEN),
  load('mfspr PID', 'pid', WRITTEN),
  load('mfspr MMUCR', 'mmucr', IMPLEMENTED),
  load('mfmsr', 'msr', WRITTEN),
  store('mtspr SPRG0', 'sprg0', HELD),
  store('mtspr SPRG1', 'sprg1', HELD),
  store('mtspr SPRG2', 'sprg2', HELD),
  store('mtspr SPRG3', 'sprg3', HELD),
  store('mtspr SRR0', 'srr0', IMPLEMENTED),
  store('mtspr SRR1', 'srr1', HELD),
  store('mtspr DEAR', 'dear', HELD),
  store('mtspr ESR', 'esr', HELD),
  store('mtspr MMUCR', 'mmucr', IMPLEMENTED),
  ...twins(4),
  ...twins(5),
  ...twins(6),
  ...twins(7),
  {
    pattern: 'tlbsync',
    condition: KERNEL,
    rewrite: { kind: 'nop' },
    keeps: 'there is no other processor to wait for',
    costInstructions: 1,
  },
  outOfLine('wrteei 0', 'only MSR[EE] changes, and off lets nothing through', {
    lines: [SAVE, 'lwz {T},{msr}', CLEAR_EE, 'stw {T},{msr}', RESTORE],
    commit: 3,
  }),
  outOfLine('wrteei 1', UNTIL_INTERRUPT, {
    lines: [SAVE, 'lwz {T},{msr}', 'ori {T},{T},0x8000', 'stw {T},{msr}', 'lwz {T},{pendingEnables}', 'twi 24,{T},0', RESTORE],
    commit: 3,
  }),
  outOfLine('wrtee', UNTIL_INTERRUPT, {
    lines: [
      SAVE,
      'lwz {T},{msr}',
      'rlwimi {T},{S},0,16,16',
      'stw {T},{msr}',
      'lwz {T},{pendingEnables}',
      'and {T},{T},{S}',
      'twi 24,{T},0',
      RESTORE,
    ],
    commit: 3,
  }),
  outOfLine('mtmsr', `where a bit other than EE and RI changes it traps; else ${UNTIL_INTERRUPT}`, {
    lines: [
      SAVE,
      'lwz {T},{msr}',
      'xor {T},{T},{S}',
      CLEAR_EE,
      CLEAR_RI,
      'twi 24,{T},0',
      'stw {S},{msr}',
      'lwz {T},{pendingEnables}',
      'and {T},{T},{S}',
      'twi 24,{T},0',
      RESTORE,
    ],
    commit: 6,
  }),
  outOfLine(
    'mtspr TSR',
    'clears DIS, the decrementer’s bit, at the next exit: until then nothing sets it, and nothing but an exit shows it; another value traps',
    // 0x08000000 is DIS.
    { lines: [SAVE, 'xoris {T},{S},0x0800', 'twi 24,{T},0', 'stw {S},{deferredClear}', RESTORE], commit: 3 },
  ),
  outOfLine(
    'mfspr DEC',
    'the time to its end by the timebase, which the guest reads without an exit; before its start and after its end it traps, and the hypervisor answers',
    {
      lines: [
        SAVE,
        SAVE_SECOND,
        'mfspr {T},268',
        'lwz {U},{decrementerEnd}',
        'subf {T},{T},{U}',
        'lwz {U},{decrementerMask}',
        'and {T},{T},{U}',
        'lwz {U},{decrementerStart}',
        // More than it started from: not running yet, or past its end.
        'tw 1,{T},{U}',
        'mr {S},{T}',
        RESTORE_SECOND,
        RESTORE,
      ],
      commit: 9,
    },
  ),
  {
    pattern: 'tlbwe',
    condition:
      'the three words of one entry, written through one register, with nothing between them that loads, stores, traps, leaves, is jumped to or lies on another page',
    rewrite: { kind: 'join' },
    keeps: 'nothing can use or see the entry before its last word; interrupts wait for that',
    costInstructions: 1,
  },
  {
    pattern: 'rfi',
    condition:
      'the return behind joined tlbwe, with nothing before it that loads or stores but from the page, traps, leaves, is jumped to or lies on another page',
    rewrite: { kind: 'join-return' },
    keeps: 'it writes the entry first, and nothing could use it before; interrupts wait for that',
    costInstructions: 0,
  },
];
