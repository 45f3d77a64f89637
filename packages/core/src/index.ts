export * from './hardware.js';
export { decode, INSTRUCTION_SET, INSTRUCTIONS, type Instruction, instructionByMnemonic } from './isa/instruction-set.js';
