import { FIELDS, type FieldName } from '../../src/isa/encoding.js';
import { decode, type Instruction } from '../../src/isa/instruction-set.js';
import { type SprRow, sprByNumber } from '../../src/isa/special-purpose-registers.js';
import { Esr, Msr, Vector } from '../../src/isa/vectors.js';
import { TlbWord2 } from '../../src/mmu/tlb-words.js';
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
 * A difference that is known: QEMU 7.2 against the manual, which decides (UM: PPC440x5 CPU Core User's Manual; PEM: PowerPC
 * Microprocessor Family, The Programming Environments, for floating point).
 */
export interface KnownDifference {
  readonly reason: string;
  readonly applies: (difference: Difference) => boolean;
  /** The words of the record that may differ. */
  readonly fields: (index: number) => boolean;
  /** The bits of them that may; all where absent. */
  readonly bits?: number;
}

const everything = () => true;
const only =
  (...indices: readonly number[]) =>
  (index: number) =>
    indices.includes(index);
const isGpr = (index: number) => index >= At.gpr && index < At.fpr;
const isFpr = (index: number) => index >= At.fpr && index < At.data;
const isData = (index: number) => index >= At.data && index < At.spr;

const FPSCR_FX = 0x80000000;
const FPSCR_FR = 0x00040000;
const FPSCR_FI = 0x00020000;
const FPSCR_C = 0x00010000;
const FPSCR_FPRF = 0x0001f000;
const FPSCR_VX = 0x20000000;
const FPSCR_VXVC = 0x00080000;
const FPSCR_VE = 0x00000080;
const FPSCR_OE = 0x00000040;
const FPSCR_UE = 0x00000020;
const FPSCR_ZX = 0x04000000;
const FPSCR_ZE = 0x00000010;
const FPSCR_NI = 0x00000004;
/** OX UX ZX XX and the causes of VX. */
const FPSCR_EXCEPTIONS = 0x1ff80700;
const MMUCR_STS = 0x00010000;
const CR0 = 0xf0000000;
const CR1 = 0x0f000000;
const CR1_FX = 0x08000000;
const PROGRAM_REASONS = 0x001e0000;

const mnemonicIs =
  (...mnemonics: readonly string[]) =>
  ({ instruction }: Difference) =>
    instruction !== undefined && mnemonics.includes(instruction.row.mnemonic);
const mnemonicMatches =
  (pattern: RegExp) =>
  ({ instruction }: Difference) =>
    instruction !== undefined && pattern.test(instruction.row.mnemonic);
const isFloat = ({ instruction }: Difference) => instruction?.row.float === true;

function fieldOf({ instruction, word }: Difference, name: FieldName): number {
  const bits = instruction!.encoding.fields.get(FIELDS[name].letter)!;
  return (word >>> bits.shift) & (2 ** bits.width - 1);
}

function isProgram(record: Uint32Array, reason: number): boolean {
  return record[At.vector] === Vector.program && (record[At.esr]! & reason) !== 0;
}
/** QEMU found no such instruction (or refused its form), and we executed it. */
const isIllegalThere = ({ qemu, ours }: Difference) => isProgram(qemu, Esr.PIL) && !isProgram(ours, Esr.PIL);
/** The other way round. */
const isIllegalHere = ({ qemu, ours }: Difference) => isProgram(ours, Esr.PIL) && !isProgram(qemu, Esr.PIL);
const isUser = ({ before }: Difference) => (before[At.msr]! & Msr.PR) !== 0;

const isMultiplyAccumulate = mnemonicMatches(/^n?mac/);
const saturates = mnemonicMatches(/su?$/);
const XER = 1;
const isReadOnly = (row: SprRow | undefined) => row?.read !== undefined && row.write === undefined;
const sprnOf = (difference: Difference) => ((fieldOf(difference, 'SPR') >>> 5) | (fieldOf(difference, 'SPR') << 5)) & 0x3ff;

// biome-ignore format: a table
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  // --- what the 440 has -----------------------------------------------------------------------------------------------------
  {
    reason: "isel, icbt and the reserved no-ops are on the 440x5 (UM 2.4.1.8, 2.4.1.6, appendix A.2); QEMU's 440EP lacks them",
    applies: (d) => mnemonicIs('isel', 'icbt', 'icbt400', 'rsvnop')(d) && isIllegalThere(d),
    fields: everything,
  },
  {
    reason: 'fsqrt and fsqrts are not on the 440EP (GCC never emits them for -mcpu=440fp); QEMU executes them',
    applies: ({ instruction, word }) => instruction === undefined && [59, 63].includes(word >>> 26) && (word & 0x3e) === 0x2c,
    fields: everything,
  },
  {
    reason: "extended opcodes of which QEMU's decoder looks at too few bits, or that its 440EP has besides, are illegal (UM 2.4, 9.1)",
    applies: (d) => d.instruction === undefined && isIllegalHere(d) && [4, 19, 31, 59, 63].includes(d.word >>> 26),
    fields: everything,
  },
  // --- invalid forms: the 440 executes them (UM chapter 9, p. 251) ---------------------------------------------------------
  {
    reason: 'reserved bits set: the 440 ignores them, QEMU raises Program (illegal)',
    applies: (d) => (d.word & (d.instruction?.encoding.reserved ?? 0)) !== 0 && isIllegalThere(d),
    fields: everything,
  },
  {
    reason: 'mfcr and mtcrf with bit 11 set: reserved here, mfocrf and mtocrf in QEMU',
    applies: (d) => mnemonicIs('mfcr', 'mtcrf')(d) && (d.word & 0x00100000) !== 0,
    fields: (index) => index === At.cr || isGpr(index),
  },
  {
    reason: 'update forms with RA = 0 or RA = RT are executed here, illegal in QEMU',
    applies: (d) => mnemonicMatches(/^(l|st).*ux?$/)(d) && (fieldOf(d, 'RA') === 0 || fieldOf(d, 'RA') === fieldOf(d, 'RT')) && isIllegalThere(d),
    fields: everything,
  },
  {
    reason: 'lswx and lswi whose range holds RA or RB are executed here, illegal in QEMU',
    applies: (d) => mnemonicIs('lswx', 'lswi')(d) && isIllegalThere(d),
    fields: everything,
  },
  {
    reason: 'bcctr that would count CTR down is executed without counting (UM p. 275), illegal in QEMU',
    applies: (d) => mnemonicIs('bcctr')(d) && (fieldOf(d, 'BO') & 4) === 0 && isIllegalThere(d),
    fields: everything,
  },
  // --- interrupts -----------------------------------------------------------------------------------------------------------
  {
    reason: 'QEMU sets the reason bits of the server architecture in SRR1 at a Program interrupt; the 440 saves the MSR as it is (UM 6.5.7)',
    applies: ({ qemu }) => qemu[At.vector] === Vector.program,
    fields: only(At.srr1, atSpr(27)),
    bits: PROGRAM_REASONS,
  },
  {
    reason: 'ESR[MCI] is left alone by all interrupts but machine checks (UM 6.5.4, 6.5.7); QEMU clears it',
    applies: ({ ours }) => (ours[At.esr]! & Esr.MCI) !== 0,
    fields: only(At.esr),
    bits: Esr.MCI,
  },
  {
    reason: 'QEMU writes DEAR at an Instruction TLB Error; the 440 leaves it alone (UM 6.5.15)',
    applies: ({ ours }) => ours[At.vector] === Vector.instructionTlbError,
    fields: only(At.dear),
  },
  {
    reason: 'floating-point accesses set ESR[FP] at data storage, data TLB and alignment interrupts (UM 6.4.4); QEMU leaves it 0',
    applies: isFloat,
    fields: only(At.esr),
    bits: Esr.FP,
  },
  {
    reason: 'a floating-point access across a 16-byte boundary raises Alignment (UM 6.5.6); QEMU does it',
    applies: (d) => isFloat(d) && d.ours[At.vector] === Vector.alignment && d.qemu[At.vector] !== Vector.alignment,
    fields: everything,
  },
  {
    reason: 'lwarx and stwcx. take any alignment (UM p. 339, 425); QEMU raises Alignment',
    applies: (d) => mnemonicIs('lwarx', 'stwcx.')(d) && d.qemu[At.vector] === Vector.alignment && d.ours[At.vector] !== Vector.alignment,
    fields: everything,
  },
  {
    reason: 'stwcx. without a reservation still raises Data TLB Error (UM p. 425); QEMU does not look at the address',
    applies: (d) => mnemonicIs('stwcx.')(d) && d.ours[At.vector] === Vector.dataTlbError && d.qemu[At.vector] === Vector.program,
    fields: everything,
  },
  {
    reason: 'how much of lmw, stmw and the string forms is done before an interrupt is undefined (UM 2.9); they are restarted',
    applies: (d) => mnemonicMatches(/^(lmw|stmw|lsw[ix]|stsw[ix])$/)(d) && d.ours[At.vector] !== Vector.program,
    fields: (index) => isGpr(index) || isData(index),
  },
  {
    reason: 'DEAR is the effective address of dcbz, dcbi and icbi; QEMU gives the start of the line',
    applies: mnemonicIs('dcbz', 'dcbi', 'icbi'),
    fields: only(At.dear),
    bits: 31,
  },
  {
    reason: 'dcbi is a store (UM 6.4.4, ESR[ST]); QEMU treats it as a load',
    applies: mnemonicIs('dcbi'),
    fields: everything,
  },
  {
    reason: 'dcread shows what the data cache holds, and no cache is modelled; QEMU loads from the address',
    applies: mnemonicIs('dcread'),
    fields: everything,
  },
  // --- integer --------------------------------------------------------------------------------------------------------------
  {
    reason: 'QEMU 7.2 computes multiply-accumulate without overflow check or saturation but does not write the result back',
    applies: (d) => isMultiplyAccumulate(d) && !d.instruction!.variant.OE && !saturates(d),
    fields: isGpr,
  },
  {
    reason: "QEMU 7.2 judges the overflow of signed multiply-accumulate by the multiplier's sign, not the product's",
    applies: (d) => isMultiplyAccumulate(d) && !mnemonicMatches(/u$/)(d),
    fields: (index) => index === At.xer || isGpr(index),
  },
  {
    reason: 'CR0 of a multiply-accumulate that differs for one of the two reasons above',
    applies: (d) => isMultiplyAccumulate(d) && d.instruction!.variant.Rc,
    fields: only(At.cr),
    bits: CR0,
  },
  // --- special-purpose registers --------------------------------------------------------------------------------------------
  {
    reason: "QEMU keeps bits that the 440's registers do not have: low ones of saved addresses and IACs, upper ones of PID, reserved ones of MMUCR",
    applies: () => true,
    fields: only(...([26, 48, 58, 570, 946, 312, 313, 314, 315] as const).map((sprn) => atSpr(sprn))),
  },
  {
    reason: 'the same, seen by mfspr, and the bits of XER that do not exist, seen after mtspr',
    applies: (d) => mnemonicIs('mfspr', 'mftb')(d) && (sprnOf(d) === XER || sprByNumber(sprnOf(d))?.mask !== undefined),
    fields: isGpr,
  },
  {
    reason: "a write to a register that the 440 only lets be read (SPRG4R to 7R, PVR, the cache's debug data) is undefined, and ignored here; QEMU stores it",
    applies: (d) => mnemonicIs('mfspr', 'mftb')(d) && isReadOnly(sprByNumber(sprnOf(d))),
    fields: isGpr,
  },
  {
    reason: 'XER has SO, OV, CA and the byte count; QEMU keeps the other bits too',
    applies: (d) => mnemonicIs('mtspr', 'mfspr')(d) && sprnOf(d) === XER,
    fields: only(At.xer),
    bits: ~0xe000007f >>> 0,
  },
  {
    reason: "a user's move of an SPR without the supervisor's bit in its number that does not exist is illegal (UM 6.5.7); in QEMU privileged or nothing",
    applies: (d) => mnemonicIs('mfspr', 'mtspr', 'mftb')(d) && isUser(d) && isProgram(d.ours, Esr.PIL),
    fields: only(At.srr0, At.esr),
  },
  {
    reason: "a supervisor's move of an SPR that is not there, or not in that direction, is undefined: nothing here; for some numbers privileged in QEMU",
    applies: (d) => mnemonicIs('mfspr', 'mtspr', 'mftb')(d) && !isUser(d) && isProgram(d.qemu, Esr.PPR),
    fields: only(At.srr0, At.esr),
  },
  {
    reason: "SPRs that the 440 lacks or hides (SPRG4W to 7W to read, 570 and up) and QEMU's common Book E list has",
    applies: (d) => mnemonicIs('mfspr', 'mftb')(d) && !isUser(d) && sprByNumber(sprnOf(d))?.read === undefined,
    fields: isGpr,
  },
  {
    reason: "QEMU's mtmsr leaves MSR[ME] alone, a rule of the server architecture",
    applies: mnemonicIs('mtmsr'),
    fields: only(At.srr1, atSpr(27)),
    bits: Msr.ME,
  },
  {
    reason: 'a DCR that nothing answers reads as 0 here; in QEMU mfdcr and mtdcr of it are illegal',
    applies: (d) => mnemonicIs('mfdcr', 'mtdcr')(d) && isIllegalThere(d),
    fields: everything,
  },
  {
    reason: 'ones clear bits of MCSR (UM 6.4.12); in QEMU it is plain storage',
    applies: (d) => mnemonicIs('mfspr', 'mftb')(d) && sprnOf(d) === 572,
    fields: isGpr,
  },
  // --- TLB ------------------------------------------------------------------------------------------------------------------
  {
    reason: "QEMU does not keep a TLB entry's E bit",
    applies: ({ instruction }) => instruction?.row.class === 'tlb',
    fields: only(At.tlbWord2),
    bits: TlbWord2.E,
  },
  {
    reason: 'the E bit, read by tlbre',
    applies: mnemonicIs('tlbre'),
    fields: isGpr,
    bits: TlbWord2.E,
  },
  {
    reason: 'bits of EPN below the page size take no part in the match (UM 5.3); in QEMU such an entry never matches, so that tlbsx gives all ones',
    applies: (d) => mnemonicIs('tlbsx')(d) && d.qemu[At.gpr + fieldOf(d, 'RT')] === 0xffffffff,
    fields: isGpr,
  },
  {
    reason: 'the same, seen in CR0',
    applies: (d) => mnemonicIs('tlbsx')(d) && d.instruction!.variant.Rc && d.qemu[At.gpr + fieldOf(d, 'RT')] === 0xffffffff,
    fields: only(At.cr),
    bits: 0x20000000,
  },
  {
    reason: 'tlbsx searches the address space of MMUCR[STS] (UM p. 435); QEMU 7.2 looks in both',
    applies: (d) => mnemonicIs('tlbsx')(d) && (((d.before[At.tlbWord0]! << 8) ^ d.before[atSpr(946)]!) & MMUCR_STS) !== 0,
    fields: (index) => index === At.cr || isGpr(index),
  },
  // --- floating point -------------------------------------------------------------------------------------------------------
  {
    reason: 'QEMU leaves FPSCR[FR] clear; it tells whether the result was rounded up (PEM 2.1.4)',
    applies: isFloat,
    fields: only(At.fpscr),
    bits: FPSCR_FR,
  },
  {
    reason: 'FX is set when an exception bit goes from 0 to 1 (PEM 2.1.4); QEMU sets it at an exception whose bit was set before',
    applies: (d) => isFloat(d) && (d.ours[At.fpscr]! & FPSCR_EXCEPTIONS & ~d.before[At.fpscr]!) === 0,
    fields: only(At.fpscr),
    bits: FPSCR_FX,
  },
  {
    reason: 'mtfsb1 that makes an exception bit 1 sets FX; in QEMU it does not',
    applies: mnemonicIs('mtfsb1'),
    fields: only(At.fpscr),
    bits: FPSCR_FX,
  },
  {
    reason: 'FX as CR1 shows it after one of these',
    applies: (d) => isFloat(d) && d.instruction!.variant.Rc,
    fields: only(At.cr),
    bits: CR1_FX,
  },
  {
    reason: 'NI is a bit like others to mtfsb1 (PEM, mtfsb1x); QEMU does not store it',
    applies: mnemonicIs('mtfsb1'),
    fields: only(At.fpscr),
    bits: FPSCR_NI,
  },
  {
    reason: 'comparisons set FPCC and leave C, FR and FI alone (PEM, fcmpo); QEMU clears FI and lets an invalid one set C',
    applies: mnemonicIs('fcmpu', 'fcmpo'),
    fields: only(At.fpscr),
    bits: FPSCR_C | FPSCR_FI,
  },
  {
    reason: 'fcmpo of a signalling NaN sets VXVC only where invalid operations are not enabled (PEM, fcmpo); QEMU always does',
    applies: (d) => mnemonicIs('fcmpo')(d) && (d.before[At.fpscr]! & FPSCR_VE) !== 0,
    fields: only(At.fpscr),
    bits: FPSCR_VXVC,
  },
  {
    reason: 'FPRF of a single-precision result tells a denormalized single (PEM table 2-4); QEMU classifies it as a double',
    applies: (d) => mnemonicIs('frsp')(d) || d.word >>> 26 === 59,
    fields: only(At.fpscr),
    bits: FPSCR_C,
  },
  {
    reason: 'a NaN operand is the result with all its bits, of single-precision arithmetic too (PEM 3.3.6.1); QEMU clears the low 29',
    applies: ({ word, ours }) => word >>> 26 === 59 && (ours[At.fpr + 2 * ((word >>> 21) & 31)]! & 0x7ff80000) === 0x7ff80000,
    fields: (index) => isFpr(index) && index % 2 === 1,
    bits: 0x1fffffff,
  },
  {
    reason: 'mtfsf: the bits that later architectures call L and W are reserved here, and ignored',
    applies: (d) => mnemonicIs('mtfsf')(d) && (d.word & d.instruction!.encoding.reserved) !== 0,
    fields: (index) => [At.fpscr, At.cr, At.srr0, At.esr].some((each) => each === index),
  },
  {
    reason: 'an enabled division by zero leaves the target and FPRF alone (PEM 3.3.6.1.2); QEMU 7.2 writes them',
    applies: (d) => mnemonicMatches(/^fdivs?$/)(d) && (d.before[At.fpscr]! & FPSCR_ZE) !== 0 && (d.ours[At.fpscr]! & FPSCR_ZX) !== 0,
    fields: (index) => index === At.fpscr || isFpr(index),
  },
  {
    reason: 'an enabled invalid operation leaves the target and FPRF alone (PEM 3.3.6.1.1); QEMU 7.2 writes them for most',
    applies: (d) => isFloat(d) && (d.before[At.fpscr]! & FPSCR_VE) !== 0 && (d.ours[At.fpscr]! & FPSCR_VX) !== 0,
    fields: (index) => index === At.fpscr || isFpr(index),
  },
  {
    reason: 'fnmadd and fnmsub round and then negate (PEM, fnmaddx); QEMU 7.2 negates first, which shows when rounding is directed',
    applies: (d) => mnemonicMatches(/^fnm/)(d) && (d.before[At.fpscr]! & 2) !== 0,
    fields: (index) => [At.fpscr, At.cr, At.srr0, At.esr].some((each) => each === index) || isFpr(index),
  },
  {
    reason: 'fres and frsqrte are estimates: FR and FI undefined, XX untouched (PEM, fresx); QEMU computes and rounds',
    applies: mnemonicIs('fres', 'frsqrte'),
    fields: (index) => [At.fpscr, At.cr, At.srr0, At.srr1, At.esr].some((each) => each === index) || isFpr(index),
  },
  {
    reason: 'an enabled overflow or underflow of a single scales the exponent by 192 (PEM 3.3.6.2); QEMU 7.2 scales otherwise far beyond the range',
    applies: (d) => (mnemonicIs('frsp')(d) || d.word >>> 26 === 59) && (d.before[At.fpscr]! & (FPSCR_OE | FPSCR_UE)) !== 0,
    fields: (index) => index === At.fpscr || isFpr(index),
  },
  {
    reason: 'CR1 after an enabled exception has interrupted: the instruction has not completed here; QEMU records first',
    applies: (d) => isFloat(d) && d.instruction!.variant.Rc && isProgram(d.ours, Esr.FP),
    fields: only(At.cr),
    bits: CR1,
  },
  {
    reason: 'fctiw and fctiwz leave the high word of the target and FPRF undefined (PEM, fctiwx)',
    applies: mnemonicIs('fctiw', 'fctiwz'),
    fields: (index) => isFpr(index) && index % 2 === 0,
  },
  {
    reason: 'fctiw and fctiwz leave FPRF undefined (PEM, fctiwx)',
    applies: mnemonicIs('fctiw', 'fctiwz'),
    fields: only(At.fpscr),
    bits: FPSCR_FPRF,
  },
];

/** The words of two records that differ where no known difference explains it; `used` counts the differences that did. */
export function unexplained({ words, record }: Case, qemu: Uint32Array, ours: Uint32Array, used?: Map<string, number>): number[] {
  const word = words.at(-1)!;
  const difference: Difference = { instruction: decode(word), word, before: record, qemu, ours };
  const left = new Map<number, number>();
  for (let index = 0; index < RECORD_WORDS; index++) if (qemu[index] !== ours[index]) left.set(index, qemu[index]! ^ ours[index]!);
  if (left.size === 0) return [];
  for (const { reason, applies, fields, bits = 0xffffffff } of KNOWN_DIFFERENCES) {
    const mine = [...left].filter(([index, differing]) => fields(index) && (differing & bits) !== 0);
    if (mine.length === 0 || !applies(difference)) continue;
    used?.set(reason, (used.get(reason) ?? 0) + 1);
    for (const [index, differing] of mine) {
      const rest = differing & ~bits;
      if (rest === 0) left.delete(index);
      else left.set(index, rest);
    }
  }
  return [...left.keys()];
}
