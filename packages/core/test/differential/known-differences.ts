import { FIELDS, type FieldName } from '../../src/isa/encoding.js';
import { decode, type Instruction } from '../../src/isa/instruction-set.js';
import { Esr, Vector } from '../../src/isa/vectors.js';
import type { Case } from './case-generator.js';
import { At, atSpr, RECORD_WORDS } from './layout.js';

/** One case on which the two machines left different records. */
export interface Difference {
  /** What the 440 decodes the word as, if anything. */
  readonly instruction: Instruction | undefined;
  readonly word: number;
  /** The record before. */
  readonly before: Uint32Array;
  readonly qemu: Uint32Array;
  readonly ours: Uint32Array;
}

/**
 * A difference that is known: QEMU 7.2 against the manual (PPC440x5 UM, by page or section), which decides. `fields` are the words of
 * the record that may differ, all of them where the instruction executes here and not there.
 */
export interface KnownDifference {
  readonly reason: string;
  readonly applies: (difference: Difference) => boolean;
  readonly fields: 'all' | ((index: number) => boolean);
}

const only =
  (...indices: readonly number[]) =>
  (index: number) =>
    indices.includes(index);

/** QEMU found no such instruction (or refused its form), and we executed it. */
function isIllegalThere({ qemu, ours }: Difference): boolean {
  const refused = (record: Uint32Array) => record[At.vector] === Vector.program && (record[At.esr]! & Esr.PIL) !== 0;
  return refused(qemu) && !refused(ours);
}

function fieldOf({ instruction, word }: Difference, name: FieldName): number | undefined {
  const bits = instruction?.encoding.fields.get(FIELDS[name].letter);
  return bits && (word >>> bits.shift) & (2 ** bits.width - 1);
}

const mnemonicIs =
  (...mnemonics: readonly string[]) =>
  ({ instruction }: Difference) =>
    instruction !== undefined && mnemonics.includes(instruction.row.mnemonic);

const isGpr = (index: number) => index >= At.gpr && index < At.fpr;

/** The only bits of FPSCR in which the records differ. */
const fpscrDiffersBy = ({ qemu, ours }: Difference, bits: number) => ((qemu[At.fpscr]! ^ ours[At.fpscr]!) & ~bits) === 0;
const FPSCR_FX = 0x80000000;
const FPSCR_FEX = 0x40000000;
const FPSCR_XX = 0x02000000;
const FPSCR_FR = 0x00040000;
const FPSCR_FI = 0x00020000;
const FPSCR_FPRF = 0x0001f000;
/** OX UX ZX XX and the causes of VX. */
const FPSCR_EXCEPTIONS = 0x1ff80700;
const isFpr = (index: number) => index >= At.fpr && index < At.data;

const isMultiplyAccumulate = ({ instruction }: Difference) => /^n?mac/.test(instruction?.row.mnemonic ?? '');
const isSignedMultiplyAccumulate = (difference: Difference) =>
  isMultiplyAccumulate(difference) && !difference.instruction!.row.mnemonic.endsWith('u');
const saturates = ({ instruction }: Difference) => /su?$/.test(instruction!.row.mnemonic);

const is440Only = mnemonicIs('isel', 'icbt', 'icbt400', 'rsvnop');
const PROGRAM_REASONS = 0x001e0000;

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason: 'QEMU sets the reason bits of the server architecture in SRR1 at a Program interrupt; the 440 saves the MSR as it is (6.5.7)',
    applies: ({ qemu, ours }) =>
      qemu[At.vector] === Vector.program && ((qemu[At.srr1]! ^ ours[At.srr1]!) & ~PROGRAM_REASONS) === 0,
    fields: only(At.srr1, atSpr(27)),
  },
  {
    reason: 'QEMU writes DEAR at an Instruction TLB Error; the 440 leaves it alone (6.5.15)',
    applies: ({ ours }) => ours[At.vector] === Vector.instructionTlbError,
    fields: only(At.dear),
  },
  {
    reason: "isel, icbt and the reserved no-ops are the 440x5's (2.4.1.8, 2.4.1.6, appendix A.2), and QEMU's 440EP lacks them",
    applies: (difference) => is440Only(difference) && isIllegalThere(difference),
    fields: 'all',
  },
  {
    reason: 'reserved bits set: the 440 ignores them (chapter 9, "Instruction Fields"), QEMU raises Program (illegal)',
    applies: (difference) =>
      (difference.word & (difference.instruction?.encoding.reserved ?? 0)) !== 0 && isIllegalThere(difference),
    fields: 'all',
  },
  {
    reason: 'invalid update forms, RA = 0 or RA = RT: executed by the 440, illegal in QEMU',
    applies: (difference) =>
      /^(l|st).*ux?$/.test(difference.instruction?.row.mnemonic ?? '') &&
      (fieldOf(difference, 'RA') === 0 || fieldOf(difference, 'RA') === fieldOf(difference, 'RT')) &&
      isIllegalThere(difference),
    fields: 'all',
  },
  {
    reason: 'bcctr that would count CTR down is an invalid form: executed by the 440 without counting (p. 275), illegal in QEMU',
    applies: (difference) => mnemonicIs('bcctr')(difference) && (fieldOf(difference, 'BO')! & 4) === 0 && isIllegalThere(difference),
    fields: 'all',
  },
  {
    reason: 'QEMU 7.2 computes multiply-accumulate without overflow check or saturation but does not write the result back',
    applies: (difference) => isMultiplyAccumulate(difference) && !difference.instruction!.variant.OE && !saturates(difference),
    fields: (index) => index === At.cr || isGpr(index),
  },
  {
    reason: "QEMU 7.2 judges the overflow of signed multiply-accumulate by the multiplier's sign, not the product's",
    applies: (difference) => isSignedMultiplyAccumulate(difference),
    fields: (index) => index === At.xer || index === At.cr || isGpr(index),
  },
  {
    reason: 'dcread shows what the data cache holds, and no cache is modelled; QEMU returns the address',
    applies: mnemonicIs('dcread'),
    fields: isGpr,
  },
  {
    reason: 'QEMU leaves FPSCR[FR] clear; it tells whether the result was rounded up',
    applies: (difference) => difference.instruction?.row.float === true && fpscrDiffersBy(difference, FPSCR_FR),
    fields: only(At.fpscr),
  },
  {
    reason: 'fctiw and fctiwz leave FPRF undefined (PowerPC Programming Environments, fctiw); ours is cleared',
    applies: (difference) => mnemonicIs('fctiw', 'fctiwz')(difference) && fpscrDiffersBy(difference, FPSCR_FR | FPSCR_FPRF | FPSCR_FX),
    fields: only(At.fpscr),
  },
  {
    reason: 'FX is set when an exception bit goes from 0 to 1 (Programming Environments, FPSCR); QEMU sets it at an exception whose bit was set',
    applies: (difference) =>
      difference.instruction?.row.float === true &&
      fpscrDiffersBy(difference, FPSCR_FX | FPSCR_FR) &&
      (difference.ours[At.fpscr]! & FPSCR_FX) === 0 &&
      (difference.ours[At.fpscr]! & FPSCR_EXCEPTIONS & ~difference.before[At.fpscr]!) === 0,
    fields: (index) => index === At.fpscr || index === At.cr,
  },
  {
    reason: 'mtfsb1 that makes an exception bit 1 sets FX; in QEMU it does not',
    applies: (difference) => mnemonicIs('mtfsb1')(difference) && fpscrDiffersBy(difference, FPSCR_FX),
    fields: only(At.fpscr, At.cr),
  },
  {
    reason: 'fres and frsqrte are estimates: the value within 1/256 or 1/32, FR and FI undefined, XX untouched; QEMU computes and rounds',
    applies: (difference) =>
      mnemonicIs('fres', 'frsqrte')(difference) && fpscrDiffersBy(difference, FPSCR_FR | FPSCR_FI | FPSCR_XX | FPSCR_FX | FPSCR_FEX),
    fields: (index) => index === At.fpscr || index === At.cr || isFpr(index),
  },
  {
    reason: 'fnmadd and fnmsub round and then negate; QEMU 7.2 negates first, which shows when rounding is directed',
    applies: (difference) => /^fnm/.test(difference.instruction?.row.mnemonic ?? '') && (difference.before[At.fpscr]! & 2) !== 0,
    fields: isFpr,
  },
  {
    reason: 'floating-point accesses set ESR[FP] at data storage, data TLB and alignment interrupts (6.4.4); QEMU leaves it 0',
    applies: ({ instruction, qemu, ours }) => instruction?.row.float === true && (qemu[At.esr]! ^ ours[At.esr]!) === Esr.FP,
    fields: only(At.esr),
  },
  {
    reason: 'a floating-point access across a 16-byte boundary raises Alignment (6.5.6); QEMU does it',
    applies: ({ instruction, qemu, ours }) =>
      instruction?.row.float === true && ours[At.vector] === Vector.alignment && qemu[At.vector] !== Vector.alignment,
    fields: 'all',
  },
  {
    reason: 'lwarx and stwcx. take any alignment (p. 339, 425); QEMU raises Alignment',
    applies: ({ instruction, qemu, ours }) =>
      /^(lwarx|stwcx\.)$/.test(instruction?.row.mnemonic ?? '') &&
      qemu[At.vector] === Vector.alignment &&
      ours[At.vector] !== Vector.alignment,
    fields: 'all',
  },
  {
    reason: 'lswi, lswx and lmw whose range holds RA or RB are invalid forms, which the 440 executes; QEMU refuses lswx',
    applies: (difference) => mnemonicIs('lswx', 'lswi')(difference) && isIllegalThere(difference),
    fields: 'all',
  },
  {
    reason: 'DEAR is the effective address that dcbz names; QEMU gives the start of its line',
    applies: (difference) => mnemonicIs('dcbz')(difference) && (difference.qemu[At.dear]! | 31) === (difference.ours[At.dear]! | 31),
    fields: only(At.dear),
  },
  {
    reason: "QEMU keeps bits that the 440's registers do not have: the low two of saved addresses and IACs, the upper ones of PID",
    applies: ({ instruction }) => instruction !== undefined,
    fields: only(...[26, 48, 58, 570, 312, 313, 314, 315].map((sprn) => atSpr(sprn as 26))),
  },
];

/** The words of a record, of those that differ, that no known difference explains. */
export function unexplained({ words, record }: Case, qemu: Uint32Array, ours: Uint32Array, used?: Map<string, number>): number[] {
  const word = words.at(-1)!;
  const difference: Difference = { instruction: decode(word), word, before: record, qemu, ours };
  let left = Array.from({ length: RECORD_WORDS }, (_, index) => index).filter((index) => qemu[index] !== ours[index]);
  for (const { reason, applies, fields } of KNOWN_DIFFERENCES) {
    if (left.length === 0) break;
    const remaining = fields === 'all' ? [] : left.filter((index) => !fields(index));
    if (remaining.length === left.length || !applies(difference)) continue;
    left = remaining;
    used?.set(reason, (used.get(reason) ?? 0) + 1);
  }
  return left;
}
