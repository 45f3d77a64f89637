import { FIELDS, type FieldBits, type FieldName, swapHalves } from './encoding.js';
import { type ExtendedMnemonic, extendedMnemonics, type FieldValues } from './extended-mnemonics.js';
import { type Instruction, instructionByMnemonic } from './instruction-set.js';
import { type OperandTemplate, parseOperand, parseTemplate, splitOperands } from './operand-syntax.js';

/** Assembler text or operands that make no instruction. */
export class AssemblyError extends Error {
  override readonly name = 'AssemblyError';
}

function bitsOf(instruction: Instruction, name: FieldName): FieldBits {
  const bits = instruction.encoding.fields.get(FIELDS[name].letter);
  if (!bits) throw new AssemblyError(`${instruction.mnemonic} has no field ${name}.`);
  return bits;
}

/** A field's value in its place; throws where it does not fit. */
function place(instruction: Instruction, name: FieldName, value: number): number {
  const { shift, width } = bitsOf(instruction, name);
  const { kind, ...rest } = FIELDS[name];
  const scale = 'scaleLog2' in rest ? 2 ** rest.scaleLog2 : 1;
  const isSigned = kind === 'signed' || kind === 'relative';
  const scaled = value / scale;
  const [least, greatest] = isSigned ? [-(2 ** (width - 1)), 2 ** (width - 1) - 1] : [0, 2 ** width - 1];
  if (!Number.isInteger(scaled) || scaled < least || scaled > greatest) {
    const step = scale === 1 ? '' : `, a multiple of ${scale}`;
    throw new AssemblyError(`${name} of ${instruction.mnemonic} is ${least * scale} to ${greatest * scale}${step}, not ${value}.`);
  }
  const raw = kind === 'spr' || kind === 'dcr' ? swapHalves(scaled) : scaled & (2 ** width - 1);
  return (raw << shift) >>> 0;
}

/**
 * The word of an instruction from its fields by name, for instance `encode('lwz', { RT: 3, D: 16, RA: 1 })`. The mnemonic is a row's
 * with the suffixes of its variant (`add.`, `bcl`); fields that are left out are 0; BD and LI are displacements in bytes.
 */
export function encode(mnemonic: string, fields: FieldValues): number {
  const instruction = instructionByMnemonic(mnemonic);
  if (!instruction) throw new AssemblyError(`The 440 has no instruction ${mnemonic}.`);
  let word = instruction.value;
  for (const [name, value] of Object.entries(fields)) word |= place(instruction, name as FieldName, value);
  return word >>> 0;
}

/** One way to write a mnemonic: the instruction it makes, its operands, and the fields that are understood. */
interface Form {
  readonly of: Instruction;
  readonly operands: readonly OperandTemplate[];
  readonly extension?: ExtendedMnemonic;
}

function buildForms(): ReadonlyMap<string, readonly Form[]> {
  const forms = new Map<string, Form[]>();
  for (const extension of extendedMnemonics()) {
    const of = instructionByMnemonic(extension.of);
    if (!of) continue;
    const form = { of, operands: parseTemplate(extension.operands), extension };
    const known = forms.get(extension.mnemonic);
    if (known) known.push(form);
    else forms.set(extension.mnemonic, [form]);
  }
  return forms;
}
/** Made when first asked for: a machine that only runs never assembles. */
let extendedForms: ReturnType<typeof buildForms> | undefined;

function formsOf(mnemonic: string): readonly Form[] {
  const own = instructionByMnemonic(mnemonic);
  extendedForms ??= buildForms();
  const extended = extendedForms.get(mnemonic) ?? [];
  return own ? [...extended, { of: own, operands: parseTemplate(own.row.operands) }] : extended;
}

/** The fields that operands give a form, or undefined where they are not of its shape. */
function matchOperands(form: Form, written: ReturnType<typeof splitOperands>, pc: number): Record<string, number> | undefined {
  if (written.length !== form.operands.length) return undefined;
  const fields: Record<string, number> = {};
  for (const [index, { field, literal, isBase }] of form.operands.entries()) {
    const { text, isBase: writtenAsBase } = written[index]!;
    if (isBase !== writtenAsBase) return undefined;
    if (field === undefined) {
      if (text.toLowerCase() !== literal) return undefined;
      continue;
    }
    const value = parseOperand(field, text);
    if (value === undefined) return undefined;
    fields[field] = FIELDS[field].kind === 'relative' ? displacement(form.of, value, pc) : value;
  }
  return fields;
}

/** What leads to a target address: as a signed number, from the instruction or, with AA, from 0. */
function displacement({ variant }: Instruction, target: number, pc: number): number {
  return variant.AA ? target | 0 : (target - pc) | 0;
}

/**
 * Assembles one instruction from text as GNU as takes it for the 440, `addi r3,r4,-1` or `3,4,-1`, extended mnemonics and SPR names
 * included. A branch names its target's address; `pc` is the address of the instruction.
 *
 * @throws AssemblyError where the text is no instruction of the 440
 */
export function assemble(text: string, pc = 0): number {
  const [, mnemonic = '', rest = ''] = /^\s*(\S+)\s*(.*?)\s*$/.exec(text) ?? [];
  const forms = formsOf(mnemonic.toLowerCase());
  if (forms.length === 0) throw new AssemblyError(`The 440 has no instruction "${mnemonic}".`);
  const written = splitOperands(rest);
  for (const form of forms) {
    const fields = matchOperands(form, written, pc);
    if (!fields) continue;
    const { extension } = form;
    if (extension?.backward !== undefined && extension.backward !== fields.BD! < 0) continue;
    const understood = Object.entries(extension?.when ?? {}).map(([name, value]) => [
      name,
      typeof value === 'number' ? value : value(fields),
    ]);
    return encode(form.of.mnemonic, { ...fields, ...Object.fromEntries(understood) });
  }
  const shapes = forms.map(({ extension, of }) => extension?.operands ?? of.row.operands);
  throw new AssemblyError(
    `"${text.trim()}" does not have the operands of ${mnemonic}, which are ${[...new Set(shapes)].slice(0, 3).join(' or ') || 'none'}.`,
  );
}
