export { doubleHighOfSingle, doubleLowOfSingle, singleOfDouble } from './fpu/index.js';
export * from './hardware.js';
// What host routines are written with.
export type { HostRoutineBuilder } from './host/host-routine-builder.js';
export { AssemblyError, assemble, encode } from './isa/assembler.js';
export { disassemble, mnemonicOf } from './isa/disassembler.js';
export { computesOnly, type Effects, effectsOf } from './isa/effects.js';
export { FIELDS, type FieldName } from './isa/encoding.js';
export { decode, INSTRUCTION_SET, INSTRUCTIONS, type Instruction, instructionByMnemonic } from './isa/instruction-set.js';
export type { MemoryEffect, Resource } from './isa/recording-builder.js';
export { SPRS, type SprRow, sprByNumber, sprn } from './isa/special-purpose-registers.js';
export { Esr, Msr, VECTORS, Vector } from './isa/vectors.js';
export { pageSizeBytes, permits, TLB_ENTRIES, TlbWord0, TlbWord1, TlbWord2 } from './mmu/tlb-words.js';
export type { RepeatedFault } from './processor/fault-watch.js';
export { Processor440 } from './processor/processor-440.js';
export { DEFAULT_ENGINE, ENGINES, type EngineName, type Processor440Options } from './processor/processor-options.js';
export type { ProcessorStatistics } from './processor/processor-statistics.js';
export {
  addDouble,
  bitsOfDouble,
  double,
  doubleOfUnsigned,
  doubleOfWord,
  eqDouble,
  geDouble,
  maxDouble,
  minDouble,
  mulDouble,
  selectDouble,
  subDouble,
} from './semantics/double.js';
export { constant, type F64, type I32 } from './semantics/expression.js';
export type { TranslatorStatistics } from './translator/statistics.js';
