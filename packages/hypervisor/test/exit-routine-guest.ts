import type { Processor440 } from '@exitlab/core';
import type { Hypervisor } from '../src/index.js';
import { assembleAt, countingHandler, MSR_USER, systemCallHandler, VALID_4K, VALID_64K } from './guest-code.js';

/** Something that the user program does, and with what. */
export interface Round {
  readonly kind: (typeof KINDS)[number];
  readonly operand: number;
}

export const KINDS = [
  ...(['load', 'store', 'switch', 'invalidate', 'timer', 'registers', 'nested', 'spin'] as const),
  /** Stores to a page that is read-only, and calls to one that is not to be executed: by the user, and by the kernel for it. */
  ...(['userStore', 'userJump', 'kernelStore', 'kernelJump'] as const),
  /** Searches of the guest's TLB; stores to a device that interrupts, with interrupts on and off; critical interrupts on and off. */
  ...(['search', 'device', 'critical'] as const),
] as const;

export const RAM_BYTES = 1 << 20;
const PAGES = 96;
export const USER_CODE = 0x20000;
/** A process changes to another by changing the low bits. */
const PIDS = [4, 5, 6, 7] as const;
export const USER_DATA = 0x400000;
/** Pages from 64 on are read-only. */
const READ_ONLY_BIT = 0x40000;
/** Where in a page the kernel jumps to; the user to its begin. */
export const KERNEL_JUMP = 256;
const TABLE = 0x4000;
const SLOT_COUNTER = 0x5000;
const TICKS = 0x5004;
const SAVED = 0x5010;
const EXTERNALS = 0x5008;
const EXTERNAL_SAVED = 0x500c;
const CRITICALS = 0x50c0;
/** Where the kernel has the device. */
const DEVICE = 0x10000;
const DEVICE_PA = 0xe0000000;
const STORAGE_FAULTS = 0x5030;
/** How many searches there were and how many of them found an entry; then what others gave. */
const SEARCHES = 0x5080;
export const Vector = {
  ...{ SYSTEM_CALL: 0x1000, DECREMENTER: 0x1800, DATA_MISS: 0x2000, PROGRAM: 0x2800, EXTERNAL: 0x2c00 },
  ...{ DATA_STORAGE: 0x3000, INSTRUCTION_STORAGE: 0x3400, INSTRUCTION_MISS: 0x3800, CRITICAL: 0x3c00 },
} as const;
const Ivor = {
  ...{ CRITICAL: 0, DATA_STORAGE: 2, INSTRUCTION_STORAGE: 3, EXTERNAL: 4, PROGRAM: 6, SYSTEM_CALL: 8, DECREMENTER: 10 },
  ...{ DATA_MISS: 13, INSTRUCTION_MISS: 14 },
} as const;
/** Where the decrementer's handler goes on once its interrupt is no longer pending. */
export const TIMER_SERVED = 0x1c00;

/** As Linux's: registers saved in SPRGs, the entry found in a table, three words written, the slots taken in turn. */
const missHandler = (address: 'DEAR' | 'SRR0') => `
  mtspr SPRG0,r3
  mtspr SPRG1,r4
  mtspr SPRG4,r5
  mtspr SPRG5,r6
  mfcr r6
  mfspr r3,${address}
  mfspr r4,PID
  mtspr MMUCR,r4
  rlwinm r5,r3,22,23,29
  lwz r5,${TABLE}(r5)
  lwz r4,${SLOT_COUNTER}(0)
  addi r4,r4,1
  stw r4,${SLOT_COUNTER}(0)
  rlwinm r4,r4,0,27,31
  addi r4,r4,8
  rlwinm r3,r3,0,0,19
  ori r3,r3,${VALID_4K}
  tlbwe r3,r4,0
  tlbwe r5,r4,1
  li r5,0x1b
  andis. r3,r3,${READ_ONLY_BIT >>> 16}
  beq @write
  li r5,0x09
@write:
  tlbwe r5,r4,2
  mtcr r6
  mfspr r5,SPRG0
  mr r3,r5
  mfspr r4,SPRG1
  mfspr r5,SPRG4R
  mfspr r6,SPRG5R
  rfi`;

/** Does a bit of everything while its interrupt is still pending and held back, a miss and a return among it. */
const DECREMENTER = `
  stw r3,${SAVED}(0)
  stw r4,${SAVED + 4}(0)
  stw r5,${SAVED + 8}(0)
  stw r6,${SAVED + 12}(0)
  mfcr r3
  stw r3,${SAVED + 16}(0)
  mfspr r3,SRR0
  stw r3,${SAVED + 20}(0)
  mfspr r3,SRR1
  stw r3,${SAVED + 24}(0)
  lwz r3,${TICKS}(0)
  addi r3,r3,1
  stw r3,${TICKS}(0)
  mfmsr r4
  wrteei 0
  wrtee r4
  mtmsr r4
  mtspr SRR1,r4
  li r5,@back
  mtspr SRR0,r5
  rfi
@back:
  mtspr SPRG6,r4
  mfspr r4,PID
  mtspr PID,r4
  xori r4,r4,1
  mtspr PID,r4
  rlwinm r5,r3,12,14,19
  addis r5,r5,${USER_DATA >>> 16}
  lwz r6,16(r5)
  stw r3,16(r5)
  xori r4,r4,1
  mtspr PID,r4
  rlwinm r4,r3,0,27,31
  addi r4,r4,8
  tlbwe r5,r4,1
  li r6,0
  tlbwe r6,r4,0
  tlbsx r4,0,r5
  tlbsx. r4,r5,r6
  lis r3,0x0800
  mtspr TSR,r3
  b ${TIMER_SERVED}`;

const AFTER_DECREMENTER = `
  lwz r3,${SAVED + 20}(0)
  mtspr SRR0,r3
  lwz r3,${SAVED + 24}(0)
  mtspr SRR1,r3
  lwz r3,${SAVED + 16}(0)
  mtcr r3
  lwz r3,${SAVED}(0)
  lwz r4,${SAVED + 4}(0)
  lwz r5,${SAVED + 8}(0)
  lwz r6,${SAVED + 12}(0)
  rfi`;

/** Goes on at the same place again and elsewhere in turn: behind a store, or where a jump came from. */
const storageHandler = (next: string) => `
  stw r3,${STORAGE_FAULTS + 4}(0)
  stw r4,${STORAGE_FAULTS + 8}(0)
  stw r5,${STORAGE_FAULTS + 12}(0)
  mfspr r3,ESR
  stw r3,${STORAGE_FAULTS + 16}(0)
  mfspr r3,DEAR
  stw r3,${STORAGE_FAULTS + 20}(0)
  lwz r3,${STORAGE_FAULTS}(0)
  addi r3,r3,1
  stw r3,${STORAGE_FAULTS}(0)
  rlwinm r3,r3,0,31,31
  mfspr r4,SRR0
  ${next}
  subf r5,r4,r5
  mullw r5,r5,r3
  add r4,r4,r5
  mtspr SRR0,r4
  lwz r3,${STORAGE_FAULTS + 4}(0)
  lwz r4,${STORAGE_FAULTS + 8}(0)
  lwz r5,${STORAGE_FAULTS + 12}(0)
  rfi`;

/** Skips what the kernel may not do either. */
const PROGRAM = `
  mtspr SPRG7,r3
  mfspr r3,SRR0
  addi r3,r3,4
  mtspr SRR0,r3
  mfspr r3,SPRG3
  rfi`;

/** What the kernel does for the user, by the kind that asks for it. */
const SYSTEM_CALLS = {
  switch: `
  mfspr r3,PID
  xor r3,r3,r8
  mtspr PID,r3
  mtspr PID,r3`,
  invalidate: `
  rlwinm r4,r8,0,27,31
  addi r4,r4,8
  li r3,0
  tlbwe r3,r4,0
  tlbwe r8,r4,1`,
  timer: `
  addi r8,r8,64
  rlwinm r8,r8,6,0,25
  mtspr DEC,r8
  mtspr DECAR,r8
  rlwinm r3,r8,12,9,9
  oris r3,r3,0x0400
  mtspr TCR,r3`,
  registers: `
  wrteei 1
  mfmsr r3
  mtspr SPRG2,r3
  mfspr r4,SPRG2
  wrteei 0
  wrtee r8
  mfspr r3,MMUCR
  mtspr MMUCR,r8
  mtspr MMUCR,r3
  mtmsr r4
  tlbsx r3,0,r8
  wrteei 0
  dccci 0,0`,
  nested: `
  addi r5,r5,1
  cmpwi r5,3
  bge @back
  mr r9,r6
  mr r10,r7
  li r0,3
  sc
  mr r6,r9
  mr r7,r10
  b @out
@back:
  li r5,0`,
  kernelStore: `
  rlwinm r3,r8,12,14,19
  addis r3,r3,${(USER_DATA | READ_ONLY_BIT) >>> 16}
  stw r8,20(r3)`,
  kernelJump: `
  rlwinm r3,r8,12,14,19
  addis r3,r3,${USER_DATA >>> 16}
  ori r3,r3,${KERNEL_JUMP}
  mtctr r3
  bctrl`,
  search: `
  rlwinm r3,r8,12,13,19
  addis r3,r3,${USER_DATA >>> 16}
  mfspr r4,PID
  mtspr MMUCR,r4
  lis r0,64
  tlbsx. r4,0,r3
  mfcr r9
  rlwinm r9,r9,3,31,31
  lwz r10,${SEARCHES + 4}(0)
  add r10,r10,r9
  stw r10,${SEARCHES + 4}(0)
  lwz r10,${SEARCHES}(0)
  addi r10,r10,1
  stw r10,${SEARCHES}(0)
  stw r4,${SEARCHES + 8}(0)
  lis r9,-32768
  mtxer r9
  mtspr MMUCR,r8
  tlbsx. r4,r3,r8
  mfcr r9
  stw r9,${SEARCHES + 12}(0)
  stw r4,${SEARCHES + 16}(0)
  lis r9,1
  mtspr MMUCR,r9
  tlbsx. r4,0,r8
  mfcr r9
  stw r9,${SEARCHES + 20}(0)
  stw r4,${SEARCHES + 24}(0)
  li r9,0
  mtxer r9
  mtspr MMUCR,r9
  tlbsx r3,r3,r8
  stw r3,${SEARCHES + 28}(0)
  tlbsx. r3,0,r8`,
  /** With r1 = 0 KVM takes the guest for one in a critical section, and holds interrupts back that MSR[EE] does not. */
  device: `
  lis r3,${DEVICE >>> 16}
  wrteei 1
  stw r8,0(r3)
  mfspr r4,SPRG2
  mtspr SPRG2,r4
  mr r9,r1
  li r1,0
  stw r8,0(r3)
  mfspr r4,SPRG2
  mtspr SPRG2,r4
  mr r1,r9
  mtspr SPRG2,r4
  mfspr r4,SPRG2
  wrteei 0
  stw r8,4(r3)
  mfspr r4,SPRG2
  mtspr SPRG2,r4`,
  critical: `
  mfmsr r4
  oris r3,r4,2
  mtmsr r3
  mfspr r3,SPRG2
  mtspr SPRG2,r3
  mtmsr r4
  mfspr r3,SPRG2`,
} as const;
/** Their numbers are their places. */
const CALLS = Object.keys(SYSTEM_CALLS) as readonly (keyof typeof SYSTEM_CALLS)[];

const TURNS = 6;

function userProgram(rounds: readonly Round[]): string {
  const lines = [`lis r20,${USER_DATA >>> 16}`, `li r21,${TURNS}`, '@again:'];
  for (const [index, { kind, operand }] of rounds.entries()) {
    switch (kind) {
      case 'load':
      case 'store':
        lines.push(
          `addis r22,r20,${(operand % (kind === 'load' ? PAGES : 64)) >>> 4}`,
          kind === 'load' ? 'lwz r23,8(r22)' : 'stw r21,8(r22)',
        );
        for (let page = 0; page < 16; page++) lines.push(`addi r22,r22,4096`, `lwz r24,${4 * page}(r22)`);
        break;
      case 'userStore':
        lines.push(`addis r22,r20,${(64 + (operand % 32)) >>> 4}`, 'stw r21,8(r22)');
        break;
      case 'userJump':
        lines.push(`addis r22,r20,${(operand % PAGES) >>> 4}`, 'mtctr r22', 'bctrl');
        break;
      case 'spin':
        lines.push(`li r25,${1 + (operand % 50)}`, `@spin${index}:`, 'addi r25,r25,-1', 'cmpwi r25,0', `bne @spin${index}`);
        break;
      default:
        lines.push(`li r8,${kind === 'switch' ? operand % 4 : operand}`, 'li r5,0', `li r0,${CALLS.indexOf(kind)}`, 'sc');
    }
  }
  lines.push('addic. r21,r21,-1', 'bne @again', `li r0,${CALLS.length}`, 'sc');
  return lines.join('\n');
}

/**
 * Writes a guest whose kernel does a bit of everything that exit routines handle: it fills its TLB from a table, changes processes, takes
 * timer interrupts, and moves special registers about. `rounds` says how a user program calls it.
 */
export function writeGuest(memory: Processor440['memory'], rounds: readonly Round[]): void {
  for (const [address, code] of [
    [Vector.SYSTEM_CALL, systemCallHandler(Object.values(SYSTEM_CALLS), ['mtspr SPRG3,r3'])],
    [Vector.DECREMENTER, DECREMENTER],
    [TIMER_SERVED, AFTER_DECREMENTER],
    [Vector.EXTERNAL, countingHandler(EXTERNALS, EXTERNAL_SAVED, 'rfi')],
    [Vector.CRITICAL, countingHandler(CRITICALS, CRITICALS + 4, 'rfci')],
    [Vector.DATA_MISS, missHandler('DEAR')],
    [Vector.INSTRUCTION_MISS, missHandler('SRR0')],
    [Vector.DATA_STORAGE, storageHandler('addi r5,r4,4')],
    [Vector.INSTRUCTION_STORAGE, storageHandler('mflr r5')],
    [Vector.PROGRAM, PROGRAM],
    [USER_CODE, userProgram(rounds)],
  ] as const) {
    memory.writeBytes(address, assembleAt(address, code));
  }
  for (let page = 0; page < 128; page++) memory.write32(TABLE + 4 * page, 0x40000 + ((page * 7) % 64) * 4096);
}

/** Maps the guest's kernel, device and processes, and sets it to begin with the user program. */
export function startGuest(hypervisor: Hypervisor): void {
  hypervisor.setGuestTlbEntry(0, VALID_64K, 0, 0x07);
  hypervisor.setGuestTlbEntry(1, DEVICE | VALID_4K, DEVICE_PA, 0x03);
  for (const pid of PIDS) hypervisor.setGuestTlbEntry(pid, USER_CODE | VALID_64K, USER_CODE, 0x3f, pid);
  const { vcpu } = hypervisor;
  vcpu.ivpr = 0;
  vcpu.setPid(PIDS[0]);
  for (const name of Object.keys(Vector) as (keyof typeof Vector)[]) vcpu.ivor[Ivor[name]] = Vector[name];
  vcpu.processor.setGpr(1, 0x9000);
  hypervisor.start(USER_CODE, MSR_USER);
}

/** What the guest has counted. */
export function countersOf(memory: Processor440['memory']) {
  return {
    ticks: memory.read32(TICKS),
    searches: [0, 4, 8, 12, 16, 20, 24, 28].map((offset) => memory.read32(SEARCHES + offset)),
    storageFaults: memory.read32(STORAGE_FAULTS),
    externals: memory.read32(EXTERNALS),
    criticals: memory.read32(CRITICALS),
  };
}
