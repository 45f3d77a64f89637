import { FIELDS, type FieldName } from './encoding.js';
import { SPRS } from './special-purpose-registers.js';

/**
 * How operands read in assembler text, in the way of GNU as and objdump for `-m440`: `r3`, `f1`, `cr7`, `4*cr7+eq`, `-16(r1)`, branch
 * targets as addresses. A table's operand list (`RT,D(RA0)`) is a template of field names and literals; both directions go through it.
 */
export interface OperandTemplate {
  /** A field's name, or undefined for a literal. */
  readonly field?: FieldName;
  /** Text that stands as it is (`cr7`, `0`). */
  readonly literal?: string;
  /** In parentheses behind the operand before it: the base of a displacement. */
  readonly isBase: boolean;
}

const CR_BITS = ['lt', 'gt', 'eq', 'so'] as const;

export function parseTemplate(operands: string): readonly OperandTemplate[] {
  return splitOperands(operands).map(({ text, isBase }) =>
    text in FIELDS ? { field: text as FieldName, isBase } : { literal: text, isBase },
  );
}

/** Splits `a,b(c)` into its operands. */
export function splitOperands(text: string): { text: string; isBase: boolean }[] {
  const parts: { text: string; isBase: boolean }[] = [];
  for (const piece of text.split(',')) {
    const based = /^\s*(.*?)\s*\(\s*(.+?)\s*\)\s*$/.exec(piece);
    if (based) parts.push({ text: based[1]!, isBase: false }, { text: based[2]!, isBase: true });
    else if (piece.trim() !== '') parts.push({ text: piece.trim(), isBase: false });
  }
  return parts;
}

function hexadecimal(value: number): string {
  return `0x${(value >>> 0).toString(16)}`;
}

/** An operand's value as text; `target` is the address that a relative field leads to. */
export function formatOperand(name: FieldName, value: number, target: number): string {
  const { kind } = FIELDS[name];
  switch (kind) {
    case 'gpr':
      return `r${value}`;
    case 'gprOrZero':
      return value === 0 ? '0' : `r${value}`;
    case 'fpr':
      return `f${value}`;
    case 'crField':
      return `cr${value}`;
    case 'crBit':
      return value < 4 ? CR_BITS[value]! : `4*cr${value >>> 2}+${CR_BITS[value & 3]}`;
    case 'relative':
      return hexadecimal(target);
    case 'count':
      return String(value === 0 ? 32 : value);
    default:
      return String(value);
  }
}

/** Operands as objdump joins them. */
export function joinOperands(parts: readonly { text: string; isBase: boolean }[]): string {
  return parts.map(({ text, isBase }, index) => (isBase ? `(${text})` : index === 0 ? text : `,${text}`)).join('');
}

const SPR_NUMBERS = new Map(SPRS.map(({ name, sprn }) => [name.toLowerCase(), sprn]));
const PREFIX: Partial<Record<(typeof FIELDS)[FieldName]['kind'], string>> = { gpr: 'r', gprOrZero: 'r', fpr: 'f', crField: 'cr' };

function parseNumber(text: string): number | undefined {
  const match = /^([+-]?)(0x[0-9a-f]+|\d+)$/.exec(text);
  return match ? Number(match[2]) * (match[1] === '-' ? -1 : 1) : undefined;
}

/** The value of an operand's text; undefined where it is no such operand. Numbers may stand for registers, as GNU as takes them. */
export function parseOperand(name: FieldName, written: string): number | undefined {
  const text = written.toLowerCase();
  const { kind } = FIELDS[name];
  const prefix = PREFIX[kind];
  if (prefix !== undefined && text.startsWith(prefix)) return parseNumber(text.slice(prefix.length));
  if (kind === 'crBit') {
    const match = /^(?:4\*cr([0-7])\+)?(lt|gt|eq|so|un)$/.exec(text);
    if (match) return 4 * Number(match[1] ?? 0) + (match[2] === 'un' ? 3 : CR_BITS.indexOf(match[2] as (typeof CR_BITS)[number]));
  }
  if (kind === 'spr' && SPR_NUMBERS.has(text)) return SPR_NUMBERS.get(text);
  const value = parseNumber(text);
  return kind === 'count' && value === 32 ? 0 : value;
}
