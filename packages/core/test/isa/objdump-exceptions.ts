import { FIELDS, type FieldName } from '../../src/isa/encoding.js';
import { decode, fieldValue, type Instruction } from '../../src/isa/instruction-set.js';

/** Words on which we and `objdump -M440` differ, and why. The manual decides what is legal; binutils only how it is written. */
export interface ObjdumpException {
  readonly reason: string;
  readonly applies: (word: number, theirs: string) => boolean;
}

function field(instruction: Instruction, name: FieldName, word: number): number | undefined {
  const bits = instruction.encoding.fields.get(FIELDS[name].letter);
  return bits && fieldValue(name, bits, word);
}

/** A predicate on the decoded instruction and its fields. */
const whenFields =
  (predicate: (instruction: Instruction, value: (name: FieldName) => number) => boolean) =>
  (word: number): boolean => {
    const instruction = decode(word);
    return instruction !== undefined && predicate(instruction, (name) => field(instruction, name, word) ?? 0);
  };

const isUpdate = ({ row }: Instruction) => /^(l|st).*u[x]?$/.test(row.mnemonic);
const isGprLoad = ({ row }: Instruction) => row.class === 'load' && !row.float;

export const OBJDUMP_EXCEPTIONS: readonly ObjdumpException[] = [
  {
    reason:
      'mftb (31/371) is implemented by the 440 for any number (PPC440x5 UM, appendix A.3, preserved class); binutils has only mfspr for Book E',
    applies: whenFields(({ row }) => row.mnemonic === 'mftb'),
  },
  {
    reason:
      'the 400-series icbt and the reserved no-ops are implemented by the 440 (PPC440x5 UM, 2.4.1.6, appendix A.2); binutils does not know them',
    applies: whenFields(({ row }) => row.mnemonic === 'icbt400' || row.mnemonic === 'rsvnop'),
  },
  {
    reason:
      'BO values with reserved bits set are invalid forms, which the 440 executes; objdump has no text for most, and for some that of the valid form',
    applies: whenFields(({ row }, value) => ['bc', 'bclr', 'bcctr'].includes(row.mnemonic) && hasReservedBo(value('BO'))),
  },
  {
    reason: 'BI is not 0 where BO tests no bit, or bcctr would count: objdump adds a hint to the general form',
    applies: (word, theirs) => /^b(c|clr|cctr)l?a?[+-] /.test(theirs) && decode(word)?.row.operands.startsWith('BO') === true,
  },
  {
    reason: 'update forms with RA = 0 or RA = RT are invalid, but executed (PPC440x5 UM, 2.4.1, invalid forms)',
    applies: whenFields(
      (instruction, value) => isUpdate(instruction) && (value('RA') === 0 || (isGprLoad(instruction) && value('RA') === value('RT'))),
    ),
  },
  {
    reason: 'lmw, lswi and lswx whose range holds RA or RB are invalid, but executed',
    applies: (word, theirs) => theirs.startsWith('.long') && /^(lmw|lswi|lswx)$/.test(decode(word)?.mnemonic ?? ''),
  },
  {
    reason: 'the hint of dcbt and dcbtst is dropped by objdump',
    applies: whenFields(({ row }, value) => (row.mnemonic === 'dcbt' || row.mnemonic === 'dcbtst') && value('TH') !== 0),
  },
  {
    reason: 'SPR numbers of other processors have mnemonics there; 276 to 279 print like 260 to 263, which would not assemble back',
    applies: (word, theirs) =>
      /^(mfspr|mtspr)$/.test(decode(word)?.mnemonic ?? '') &&
      /^m[ft](rtc[ul]|dsisr|dar|sdr1|ear|[id]bat[ul]|mcar|sprg r\d+,[4-7])/.test(theirs),
  },
  {
    reason: 'mfdcrx, mtdcrx and their user forms came with the 460 and 476 (binutils lets the 440 have them); Linux chooses them by CPU',
    applies: (word, theirs) => decode(word) === undefined && /^m[ft]dcru?x /.test(theirs),
  },
  {
    reason: 'fields that later architectures added (L of sync, dcbf, cmp; LEV of sc; CT above 15) are reserved on the 440',
    applies: (word, theirs) =>
      ((decode(word)?.encoding.reserved ?? 0) & word) !== 0 && /^(lwsync|cmpl?i? cr\d,1|dcbf|sc |icbt)/.test(theirs),
  },
];

/** z bits of BO: 0b0z, 0b1z1zz, 0b001z, 0b011z, 0b1z00y, 0b1z01y (Book E, table of BO encodings). */
function hasReservedBo(bo: number): boolean {
  const ignoresCr = (bo & 16) !== 0;
  const keepsCtr = (bo & 4) !== 0;
  if (ignoresCr) return (bo & 8) !== 0 || (keepsCtr && (bo & 3) !== 0);
  return keepsCtr && (bo & 2) !== 0;
}
