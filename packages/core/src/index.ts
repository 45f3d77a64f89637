export * from './hardware.js';
export { FIELDS, type FieldName } from './isa/encoding.js';
export { decode, INSTRUCTION_SET, INSTRUCTIONS, type Instruction, instructionByMnemonic } from './isa/instruction-set.js';
export { SPRS, type SprRow, sprByNumber, sprn } from './isa/special-purpose-registers.js';
export { Esr, Msr, VECTORS, Vector } from './isa/vectors.js';
export { pageSizeBytes, permits, TLB_ENTRIES, TlbWord0, TlbWord1, TlbWord2 } from './mmu/translation-lookaside-buffer.js';
export type { RepeatedFault } from './processor/fault-watch.js';
export { Processor440, type Processor440Options } from './processor/processor-440.js';
