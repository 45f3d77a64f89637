import { sprByNumber } from '@exitlab/core';
import type { ExitType } from '../exit-types.js';
import type { Policy } from '../policy.js';
import { Msr } from '../registers.js';
import { fieldRt, fieldSpr } from './instruction-word.js';
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
}

/** What `word` is to a guest kernel, decoded once; undefined where its work depends on more than the word. */
export function fixedWorkOf(word: number, policy: Policy): FixedWork | undefined {
  const instruction = findPrivileged(word);
  if (instruction === undefined || instruction.filled) return undefined;
  switch (instruction.mnemonic) {
    case 'mfspr':
      return readOf(instruction, word);
    case 'mtspr':
      return writeOf(instruction, word);
    case 'mfmsr': {
      const rt = fieldRt(word);
      return fixed(instruction, ({ vcpu }) => vcpu.processor.setGpr(rt, vcpu.msr));
    }
    case 'wrtee': {
      const rs = fieldRt(word);
      return fixed(instruction, ({ vcpu }) => vcpu.setExternalEnable(vcpu.processor.gpr(rs)));
    }
    case 'wrteei': {
      const enable = word & Msr.EE;
      return fixed(instruction, ({ vcpu }) => vcpu.setExternalEnable(enable));
    }
    case 'rfi':
      // With other hardware PIDs a change of mode may drop mappings.
      return policy.hardwarePids === 'two' ? { ...fixed(instruction, returnFromInterrupt), jumps: true } : undefined;
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
  const rt = fieldRt(word);
  const { field, read } = row;
  const emulate: FixedWork['emulate'] =
    field === undefined
      ? (context) => context.vcpu.processor.setGpr(rt, read(context) >>> 0)
      : ({ vcpu }) => vcpu.processor.setGpr(rt, vcpu.shared.get(field));
  return fixed(instruction, emulate, row.sprn);
}

function writeOf(instruction: PrivilegedInstruction, word: number): FixedWork | undefined {
  const row = SPR_TABLE.get(fieldSpr(word));
  if (row?.write === undefined || row.filled === 'both' || row.filled === 'write' || row.writeTakesWork === true) return undefined;
  const rs = fieldRt(word);
  const { write } = row;
  const writable = sprByNumber(row.sprn)?.mask ?? 0xffffffff;
  return fixed(instruction, (context) => write(context, (context.vcpu.processor.gpr(rs) & writable) >>> 0), row.sprn);
}
