import { FIELDS, type FieldName } from '../../src/isa/encoding.js';
import { decode, type Instruction } from '../../src/isa/instruction-set.js';
import { Esr, Vector } from '../../src/isa/vectors.js';
import type { Case } from './case-generator.js';
import { At, RECORD_WORDS } from './layout.js';

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

const is440Only = mnemonicIs('isel', 'icbt', 'icbt400', 'rsvnop');
const PROGRAM_REASONS = 0x001e0000;

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    reason: 'QEMU sets the reason bits of the server architecture in SRR1 at a Program interrupt; the 440 saves the MSR as it is (6.5.7)',
    applies: ({ qemu, ours }) =>
      qemu[At.vector] === Vector.program && ((qemu[At.srr1]! ^ ours[At.srr1]!) & ~PROGRAM_REASONS) === 0,
    fields: only(At.srr1),
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
