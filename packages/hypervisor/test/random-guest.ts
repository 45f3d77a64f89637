import { Processor440 } from '@exitlab/core';
import { Hypervisor, type Policy } from '../src/index.js';
import { assembleAt, countingHandler, MSR_USER, systemCallHandler, VALID_4K, VALID_64K } from './guest-code.js';

/** What a user program of the random guest does, one after the other. */
export type UserOperation =
  | { readonly kind: 'load' | 'store'; readonly page: number; readonly register: number }
  | { readonly kind: 'add'; readonly register: number; readonly value: number }
  | { readonly kind: 'system-call'; readonly number: number };

/** What a run leaves behind. */
export interface FinalState {
  readonly outcome: string;
  readonly guestInstructions: number;
  readonly registers: readonly number[];
  readonly memory: Uint8Array;
}

export const USER_PAGES = 16;
/** Registers that the user program computes in. */
export const USER_REGISTERS = { first: 8, last: 15 } as const;

const RAM_BYTES = 1 << 20;
const PAGE_BYTES = 4096;
const USER_CODE = 0x20000;
const USER_DATA = 0x100000;
const USER_FRAMES = 0x40000;
const ROUNDS = 3;
/** Kernel data, below 32 KB so that a displacement reaches it. */
const TABLE = 0x4000;
const SLOT_COUNTER = 0x5000;
const INTERRUPT_COUNTER = 0x5004;
const SAVED = 0x5010;
const Vector = { SYSTEM_CALL: 0x1000, EXTERNAL: 0x1800, DATA_MISS: 0x2000 } as const;
const Ivor = { EXTERNAL: 4, SYSTEM_CALL: 8, DATA_MISS: 13 } as const;
const READ_WRITE = 0x1b;
const ALL = 0x3f;
const SUPERVISOR_ALL = 0x07;
const FIRST_DATA_SLOT = 4;

/** Loads a TLB slot for the page that missed, from a table by process and page. */
const DATA_MISS = `
  mtspr SPRG0,r3
  mtspr SPRG1,r4
  mtspr SPRG3,r5
  mfspr r3,DEAR
  mfspr r4,PID
  mtspr MMUCR,r4
  rlwinm r5,r3,0,0,19
  ori r5,r5,${VALID_4K}
  rlwinm r3,r3,22,26,29
  rlwinm r4,r4,6,20,25
  add r3,r3,r4
  lwz r3,${TABLE}(r3)
  lwz r4,${SLOT_COUNTER}(0)
  addi r4,r4,1
  stw r4,${SLOT_COUNTER}(0)
  rlwinm r4,r4,0,27,31
  addi r4,r4,${FIRST_DATA_SLOT}
  tlbwe r5,r4,0
  tlbwe r3,r4,1
  li r5,${READ_WRITE}
  tlbwe r5,r4,2
  mfspr r5,SPRG3
  mfspr r4,SPRG1
  mfspr r3,SPRG0
  rfi`;

/** Switch the process, invalidate a TLB slot, touch a user page from the kernel, write the MSR as it is. */
const SYSTEM_CALL_CASES = [
  `
  mfspr r3,PID
  subfic r3,r3,3
  mtspr PID,r3`,
  `
  lwz r3,${SLOT_COUNTER}(0)
  rlwinm r3,r3,0,28,31
  addi r3,r3,${FIRST_DATA_SLOT}
  li r4,0
  tlbwe r4,r3,0`,
  `
  lis r3,${USER_DATA >>> 16}
  lwz r4,4(r3)
  addi r4,r4,1
  stw r4,4(r3)`,
  `
  mfmsr r3
  mtmsr r3`,
];
/** Their numbers are those below this. */
export const SYSTEM_CALLS = SYSTEM_CALL_CASES.length;

function userProgram(operations: readonly UserOperation[]): string {
  const lines = [`lis r20,${USER_DATA >>> 16}`, `li r21,${ROUNDS}`, '@again:'];
  for (const operation of operations) {
    switch (operation.kind) {
      case 'load':
      case 'store': {
        lines.push(`addi r22,r20,${(operation.page % 8) * PAGE_BYTES}`);
        if (operation.page >= 8) lines.push(`addis r22,r22,1`, `addi r22,r22,-${0x8000}`);
        lines.push(operation.kind === 'load' ? `lwz r${operation.register},8(r22)` : `stw r${operation.register},8(r22)`);
        break;
      }
      case 'add':
        lines.push(`addi r${operation.register},r${operation.register},${operation.value}`);
        break;
      case 'system-call':
        lines.push(`li r0,${operation.number}`, 'sc');
        break;
    }
  }
  lines.push('addic. r21,r21,-1', 'bne @again', `li r0,${SYSTEM_CALLS}`, 'sc');
  return lines.join('\n');
}

/**
 * Runs a guest of two processes whose kernel reloads its TLB by itself, under a policy. External interrupts come when the given numbers
 * of guest instructions have completed, whatever time the policy's exits took. The guest reads no time.
 */
export function runRandomGuest(operations: readonly UserOperation[], interruptsAt: readonly number[], policy: Policy): FinalState {
  const bus = { read: () => 0, write: () => {} };
  const processor = new Processor440({ ramSizeBytes: RAM_BYTES, devices: bus, dcrs: bus, coreHz: 1e9, timebaseHz: 4e8 });
  const { memory } = processor;
  memory.writeBytes(Vector.SYSTEM_CALL, assembleAt(Vector.SYSTEM_CALL, systemCallHandler(SYSTEM_CALL_CASES)));
  memory.writeBytes(Vector.EXTERNAL, assembleAt(Vector.EXTERNAL, countingHandler(INTERRUPT_COUNTER, SAVED, 'rfi')));
  memory.writeBytes(Vector.DATA_MISS, assembleAt(Vector.DATA_MISS, DATA_MISS));
  memory.writeBytes(USER_CODE, assembleAt(USER_CODE, userProgram(operations)));
  for (const pid of [1, 2]) {
    for (let page = 0; page < USER_PAGES; page++) {
      memory.write32(TABLE + 4 * (pid * USER_PAGES + page), USER_FRAMES + ((page * 7 + pid * 5) % 32) * PAGE_BYTES);
    }
  }
  const hypervisor = new Hypervisor(processor, { bus, dcr: bus }, { policy });
  hypervisor.setGuestTlbEntry(0, VALID_64K, 0, SUPERVISOR_ALL);
  for (const pid of [1, 2]) hypervisor.setGuestTlbEntry(pid, USER_CODE | VALID_64K, USER_CODE, ALL, pid);
  const { vcpu } = hypervisor;
  vcpu.ivpr = 0;
  vcpu.ivor[Ivor.EXTERNAL] = Vector.EXTERNAL;
  vcpu.ivor[Ivor.SYSTEM_CALL] = Vector.SYSTEM_CALL;
  vcpu.ivor[Ivor.DATA_MISS] = Vector.DATA_MISS;
  vcpu.setPid(1);
  hypervisor.start(USER_CODE, MSR_USER);
  let outcome = '';
  for (const at of [...interruptsAt].sort((a, b) => a - b)) {
    const remaining = at - hypervisor.guestInstructions;
    if (remaining > 0) outcome = hypervisor.run(remaining).kind;
    if (outcome !== '' && outcome !== 'limit') break;
    hypervisor.pulseExternal();
  }
  if (outcome === '' || outcome === 'limit') outcome = hypervisor.run(100_000).kind;
  const registers = Array.from({ length: 32 }, (_, n) => processor.gpr(n));
  return {
    outcome,
    guestInstructions: hypervisor.guestInstructions,
    registers: [...registers, processor.cr, processor.xer, vcpu.pid],
    memory: memory.readBytes(0, RAM_BYTES),
  };
}
