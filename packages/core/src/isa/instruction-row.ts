import type { Builder } from '../semantics/builder.js';
import type { I32 } from '../semantics/expression.js';
import type { FieldName, VariantName } from './encoding.js';

/** An instruction's operands while its semantics run: fields as expressions, variant bits as plain booleans known beforehand. */
export type Fields = { readonly [Name in FieldName]: I32 } & { readonly [Name in VariantName]: boolean };

/** What an instruction means, stated against a builder; run once for each engine and each variant. */
export type Semantics = (b: Builder, f: Fields) => void;

/**
 * The timing class of an instruction, as the 440's pipelines distinguish them (PPC440x5 UM, chapter 1; GCC config/rs6000/440.md).
 */
export type InstructionClass =
  | 'integer'
  | 'compare'
  | 'multiply'
  | 'divide'
  | 'load'
  | 'store'
  | 'branch'
  | 'cr'
  | 'system'
  | 'cache'
  | 'tlb'
  | 'interrupt'
  | 'float'
  | 'floatDivide'
  | 'mac';

export interface InstructionAttributes {
  /** Executes in supervisor state only; in problem state it raises Program (privileged). */
  readonly privileged?: boolean;
  /** Needs MSR[FP]. */
  readonly float?: boolean;
  /** The next instruction executed need not be the one that follows, or the translation context may change. */
  readonly endsBlock?: boolean;
}

/** One instruction of the 440: the single place where it stands. */
export interface InstructionRow extends InstructionAttributes {
  /** Mnemonic without the suffixes of its variants. */
  readonly mnemonic: string;
  readonly picture: string;
  /** Operands in assembler order, for instance `RT,D(RA)`. */
  readonly operands: string;
  readonly class: InstructionClass;
  readonly semantics: Semantics;
}

/** Writes one row of a table. */
export function row(
  mnemonic: string,
  picture: string,
  operands: string,
  instructionClass: InstructionClass,
  semantics: Semantics,
  attributes: InstructionAttributes = {},
): InstructionRow {
  return { mnemonic, picture, operands, class: instructionClass, semantics, ...attributes };
}
