import { FIELDS, type FieldName } from './encoding.js';
import { type ExtendedMnemonic, printedForms } from './extended-mnemonics.js';
import { decode, fieldValue, type Instruction } from './instruction-set.js';
import { formatOperand, joinOperands, type OperandTemplate, parseTemplate } from './operand-syntax.js';

interface PrintedForm {
  readonly extension: ExtendedMnemonic;
  readonly operands: readonly OperandTemplate[];
}

function formsByInstruction(): ReadonlyMap<string, readonly PrintedForm[]> {
  const byInstruction = new Map<string, PrintedForm[]>();
  for (const extension of printedForms()) {
    const form = { extension, operands: parseTemplate(extension.operands) };
    const known = byInstruction.get(extension.of);
    if (known) known.push(form);
    else byInstruction.set(extension.of, [form]);
  }
  return byInstruction;
}
/** Made when first asked for: a machine that only runs never disassembles. */
let forms: ReturnType<typeof formsByInstruction> | undefined;

function readField(instruction: Instruction, name: FieldName, word: number): number {
  return fieldValue(name, instruction.encoding.fields.get(FIELDS[name].letter)!, word);
}

function fits({ when, backward, only }: ExtendedMnemonic, instruction: Instruction, word: number): boolean {
  const fields = new Proxy({}, { get: (_, name) => readField(instruction, name as FieldName, word) });
  for (const [name, expected] of Object.entries(when)) {
    const wanted = typeof expected === 'number' ? expected : expected(fields);
    if (readField(instruction, name as FieldName, word) !== wanted) return false;
  }
  if (backward !== undefined && backward !== readField(instruction, 'BD', word) < 0) return false;
  return only?.(fields) ?? true;
}

/** The mnemonic of a word's row with the suffixes of its variant, reserved bits ignored; undefined where the 440 has no such instruction. */
export function mnemonicOf(word: number): string | undefined {
  return decode(word)?.mnemonic;
}

/**
 * A word as `objdump -M440` prints it, one blank between mnemonic and operands: extended mnemonics, branch targets as addresses.
 * What is no instruction, or sets bits that are reserved, is `.long 0x…`; so the text assembles to the same word.
 */
export function disassemble(word: number, pc: number): string {
  const instruction = decode(word);
  if (!instruction || (word & instruction.encoding.reserved) !== 0) return `.long 0x${(word >>> 0).toString(16)}`;
  forms ??= formsByInstruction();
  const extended = forms.get(instruction.mnemonic)?.find(({ extension }) => fits(extension, instruction, word));
  const mnemonic = extended?.extension.mnemonic ?? instruction.mnemonic;
  const templates = extended?.operands ?? parseTemplate(instruction.row.operands);
  const parts = templates.map(({ field, literal, isBase }) => {
    if (field === undefined) return { text: literal!, isBase };
    const value = readField(instruction, field, word);
    return { text: formatOperand(field, value, instruction.variant.AA ? value : pc + value), isBase };
  });
  return parts.length === 0 ? mnemonic : `${mnemonic} ${joinOperands(parts)}`;
}
