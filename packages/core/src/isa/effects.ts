import { FIELDS, type FieldName } from './encoding.js';
import { constantFields, decode, type Instruction } from './instruction-set.js';
import { type MemoryEffect, RecordingBuilder, type Resource } from './recording-builder.js';

/** What an instruction may read, write and do, over all paths through its semantics. */
export interface Effects {
  readonly reads: ReadonlySet<Resource>;
  readonly writes: ReadonlySet<Resource>;
  /** What it does to memory: nothing, or moves data, or checks a translation without moving any. */
  readonly memory: MemoryEffect;
  readonly privileged: boolean;
  /** The next instruction executed need not be the one that follows, or the translation context may change. */
  readonly endsBlock: boolean;
}

/** Floating-point operands by what the unit does with them. */
const FLOAT_READS: readonly FieldName[] = ['FRA', 'FRB', 'FRC', 'FRS'];

/** The unit takes register numbers, so its operands come from the row's own list. */
function floatRegisters(instruction: Instruction, word: number, names: readonly FieldName[]): Resource[] {
  return instruction.row.operands.split(/[,()]/).flatMap((name): Resource[] => {
    if (!names.includes(name as FieldName)) return [];
    const { shift } = instruction.encoding.fields.get(FIELDS[name as FieldName].letter)!;
    return [`f${(word >>> shift) & 31}`];
  });
}

/**
 * The effects of the instruction in a word, derived by running its semantics against a builder that writes no code; undefined where the
 * 440 has no such instruction. A register whose number depends on a run-time value (lswx, stswx) counts as all of its kind.
 */
export function effectsOf(word: number): Effects | undefined {
  const instruction = decode(word);
  if (!instruction) return undefined;
  const { row } = instruction;
  const builder = new RecordingBuilder();
  row.semantics(builder, constantFields(instruction, word));
  const { reads, writes, memory } = builder;
  if (builder.usesFloatingPointUnit) {
    for (const register of floatRegisters(instruction, word, FLOAT_READS)) reads.add(register);
    for (const register of floatRegisters(instruction, word, ['FRT'])) writes.add(register);
  }
  if (row.privileged || row.float) reads.add('msr');
  return { reads, writes, memory, privileged: row.privileged === true, endsBlock: row.endsBlock === true };
}

/**
 * Whether an instruction computes in registers and does nothing else: it touches no memory, cannot trap, and goes on to the next. `except`
 * is a register that it must leave alone, by name.
 */
export function computesOnly(word: number, except?: Resource): boolean {
  const effects = effectsOf(word);
  if (effects === undefined || effects.privileged || effects.memory !== 'none' || effects.endsBlock) return false;
  const isComputed = (resource: Resource) => /^(r\d+|cr\d|xer\.\w+|pc)$/.test(resource) && resource !== except;
  return [...effects.writes].every(isComputed) && decode(word)?.row.class === 'integer';
}
