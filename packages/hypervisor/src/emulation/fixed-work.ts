import { encode, sprByNumber } from '@exitlab/core';
import type { ExitType } from '../exit-types.js';
import type { Policy } from '../policy.js';
import { Msr, Spr } from '../registers.js';
import { SharedField } from '../shared-page.js';
import { JOINED_MARK } from './guest-tlb-instructions.js';
import { EmulationKind, type InlineEmulation } from './inline-emulation.js';
import { fieldRa, fieldRb, fieldRc, fieldRt, fieldSpr } from './instruction-word.js';
import { findPrivileged, type PrivilegedInstruction, returnFromInterrupt } from './privileged.js';
import { type EmulationContext, SPR_TABLE } from './sprs.js';

/**
 * An emulation that takes the same work each time, so that its exits cost the same. These are most of what a guest makes, and their way
 * through the hypervisor is a short one.
 */
export interface FixedWork {
  readonly mnemonic: string;
  readonly exitType: ExitType;
  /** The SPR it names, or -1. */
  readonly sprn: number;
  /** Carries it out, the pc apart unless it jumps. */
  readonly emulate: (context: EmulationContext) => void;
  readonly jumps: boolean;
  /** The same for the exit routine, where it can do it. */
  readonly inline?: InlineEmulation;
}

const PLAIN_RFI = encode('rfi', {});
/** The word that the routine expects to come last where joined `tlbwe` write an entry whole, as it does in Linux. */
export const LAST_OF_ENTRY = 2;

/** What `word` is to a guest kernel, decoded once; undefined where its work depends on more than the word. */
export function fixedWorkOf(word: number, policy: Policy, isPatched: boolean): FixedWork | undefined {
  const instruction = findPrivileged(word);
  if (instruction === undefined || instruction.filled) return undefined;
  const register = fieldRt(word);
  switch (instruction.mnemonic) {
    case 'mfspr':
      return readOf(instruction, word);
    case 'mtspr':
      return writeOf(instruction, word);
    case 'mfmsr':
      return {
        ...fixed(instruction, ({ vcpu }) => vcpu.processor.setGpr(register, vcpu.msr)),
        inline: { kind: EmulationKind.read, register, place: { field: SharedField.msr } },
      };
    case 'wrtee':
      return {
        ...fixed(instruction, ({ vcpu }) => vcpu.setExternalEnable(vcpu.processor.gpr(register))),
        inline: { kind: EmulationKind.writeEe, register },
      };
    case 'wrteei': {
      const enable = word & Msr.EE;
      return {
        ...fixed(instruction, ({ vcpu }) => vcpu.setExternalEnable(enable)),
        inline: { kind: EmulationKind.writeEeImmediate, register: 0, mask: enable },
      };
    }
    case 'mtmsr':
      // With other hardware PIDs a change of mode may drop mappings.
      if (policy.hardwarePids !== 'two') return undefined;
      return {
        ...fixed(instruction, ({ vcpu }) => vcpu.setMsr(vcpu.processor.gpr(register))),
        inline: { kind: EmulationKind.writeMsr, register },
      };
    case 'rfi':
      // In a patched guest it may write an entry of the TLB as well.
      if (policy.hardwarePids !== 'two' || (isPatched && word !== PLAIN_RFI)) return undefined;
      return {
        ...fixed(instruction, returnFromInterrupt),
        jumps: true,
        inline: { kind: EmulationKind.returnFromInterrupt, register: 0 },
      };
    default:
      return undefined;
  }
}

function fixed(instruction: PrivilegedInstruction, emulate: FixedWork['emulate'], sprn = -1): FixedWork {
  return { mnemonic: instruction.mnemonic, exitType: instruction.exitType, sprn, emulate, jumps: false };
}

function readOf(instruction: PrivilegedInstruction, word: number): FixedWork | undefined {
  const row = SPR_TABLE.get(fieldSpr(word));
  if (row?.read === undefined || row.filled === 'both' || row.filled === 'read') return undefined;
  const register = fieldRt(word);
  const { place, read } = row;
  const work = fixed(instruction, (context) => context.vcpu.processor.setGpr(register, read(context) >>> 0), row.sprn);
  return place === undefined ? work : { ...work, inline: { kind: EmulationKind.read, register, place } };
}

function writeOf(instruction: PrivilegedInstruction, word: number): FixedWork | undefined {
  const row = SPR_TABLE.get(fieldSpr(word));
  if (row?.write === undefined || row.filled === 'both' || row.filled === 'write' || row.writeTakesWork === true) return undefined;
  const register = fieldRt(word);
  const { place, sprn, write } = row;
  const mask = sprByNumber(sprn)?.mask ?? 0xffffffff;
  const work = fixed(instruction, (context) => write(context, (context.vcpu.processor.gpr(register) & mask) >>> 0), sprn);
  if (place === undefined) return work;
  const kind = row.inHardware ? EmulationKind.writeBoth : EmulationKind.write;
  return { ...work, inline: { kind, register, place, mask, sprn } };
}

/**
 * What `word` is to the exit routine where its work depends on more than the word; undefined where the routine cannot do it. Of a guest
 * that was patched from outside the hypervisor remembers single words of a TLB entry.
 */
export function variableEmulationOf(word: number, isPatched: boolean): InlineEmulation | undefined {
  const mnemonic = findPrivileged(word)?.mnemonic;
  const register = fieldRt(word);
  if (mnemonic === 'mtspr' && fieldSpr(word) === Spr.PID) return { kind: EmulationKind.writePid, register };
  if (mnemonic === 'tlbsx') {
    const search = { registers: [fieldRa(word), fieldRb(word)] as const, setsCr0: fieldRc(word) };
    return { kind: EmulationKind.searchTlb, register, search };
  }
  const kind = tlbWriteKind(mnemonic, word, isPatched);
  return kind === undefined ? undefined : { kind, register, entryRegister: fieldRa(word), mask: fieldRb(word) };
}

function tlbWriteKind(mnemonic: string | undefined, word: number, isPatched: boolean): EmulationKind | undefined {
  const lastWord = fieldRb(word);
  const isJoined = isPatched && (word & JOINED_MARK) !== 0 && lastWord === LAST_OF_ENTRY;
  if (mnemonic === 'rfi') return isJoined ? EmulationKind.returnWithEntry : undefined;
  if (mnemonic !== 'tlbwe' || lastWord > 2) return undefined;
  if (isJoined) return EmulationKind.writeEntry;
  return isPatched ? undefined : EmulationKind.writeTlb;
}
