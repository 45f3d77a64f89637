import { decode } from '../../../src/isa/instruction-set.js';
import { sprn } from '../../../src/isa/special-purpose-registers.js';
import { drawInstruction, loadConstant } from '../../random-instruction.js';
import type { RandomWords } from '../../random-words.js';
import { ALL, Block, DATA_REGISTERS, Ea, FIRST_SLOT, Register, WINDOW_SLOT, WINDOW_STRIDE, WINDOWS } from './layout.js';
import { dataRegister, FLOAT_MOVES, JUDGED } from './memory-pieces.js';
import type { Part } from './program-text.js';
import { randomMsr, type Surroundings } from './surroundings.js';

const PAGE_BYTES = 4096;
const { scratch, scratch2, linear } = Register;
const FLOATING_POINT = JUDGED.filter(({ row }) => row.float);
/** Primary opcodes that nothing has in a 32-bit Book E processor, in QEMU's neither. */
const ILLEGAL_OPCODES = [0, 1, 2, 5, 6, 9, 22, 30, 56, 57, 58, 61, 62];

const READ = [
  ...['XER', 'LR', 'CTR', 'USPRG0', 'SRR0', 'SRR1', 'CSRR0', 'CSRR1', 'MCSRR0', 'MCSRR1', 'DEAR', 'ESR', 'IVPR', 'PID', 'MMUCR', 'PVR'],
  ...['SPRG0', 'SPRG1', 'SPRG2', 'SPRG3', 'IVOR3', 'IVOR13', 'DAC1', 'DVC2', 'DBDR'],
].map(sprn);
/** SPRG4 to 7 by the numbers that users may read. */
const USER_SPRGS = [260, 261, 262, 263];
const WRITTEN = [
  ...['SPRG0', 'SPRG1', 'SPRG2', 'SPRG3', 'SPRG4', 'SPRG5', 'SPRG6', 'SPRG7', 'USPRG0', 'DEAR', 'DAC1', 'DAC2', 'DVC1', 'DVC2', 'DBDR'],
].map(sprn);
const CAUSES_OF_ESR = 0x7fffffff;

/** What interrupts, or would if its condition held. */
export function interrupting(random: RandomWords, { float }: Surroundings): Part[] {
  const register = () => `r${dataRegister(random)}`;
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return ['sc'];
    case 3:
      return [`tw ${random.below(32)},${register()},${register()}`];
    case 4:
      return [`twi ${random.below(32)},${register()},${random.below(200) - 100}`];
    case 5:
      return [illegalWord(random)];
    case 6:
      // Arithmetic only where MSR[FP] is never set.
      return [drawInstruction(random, random.pick(float ? FLOAT_MOVES : FLOATING_POINT))];
    default:
      return [random.pick([`mfmsr ${register()}`, 'tlbsync', `wrteei ${random.below(2)}`])];
  }
}

export function illegalWord(random: RandomWords): number {
  for (;;) {
    const word = ((random.pick(ILLEGAL_OPCODES) << 26) | (random.next() & 0x03ffffff)) >>> 0;
    if (decode(word) === undefined) return word;
  }
}

/** Registers get values that the 440 can hold, as QEMU keeps the other bits, too. */
export function sprMove(random: RandomWords, { byProcess, oneSpace }: Surroundings): Part[] {
  const register = dataRegister(random);
  switch (random.below(10)) {
    case 0:
      // The number of bytes of a string, besides.
      return [...loadConstant(scratch, (random.next() & 0xe0000000) | random.below(13)), `mtxer r${scratch}`];
    case 1:
      return [`li r${scratch},${random.below(20)}`, `mtctr r${scratch}`];
    case 2:
      // ESR[MCI] is left alone by interrupts; QEMU clears it.
      return [...loadConstant(scratch, random.next() & CAUSES_OF_ESR), `mtspr ESR,r${scratch}`];
    case 3:
      if (byProcess) return [`mfspr r${register},PID`];
      return [`li r${scratch},${random.below(256)}`, `mtspr PID,r${scratch}`];
    case 4:
      return [...loadConstant(scratch, (oneSpace ? 0 : random.below(2) << 16) | random.below(256)), `mtspr MMUCR,r${scratch}`];
    case 5:
    case 6:
      return [`mtspr ${random.pick(WRITTEN)},r${register}`];
    default:
      return [`mfspr r${register},${random.pick(random.oneIn(4) ? USER_SPRGS : READ)}`];
  }
}

/** A new state for what follows. */
export function msrMove(random: RandomWords, surroundings: Surroundings): Part[] {
  if (random.oneIn(3)) return [`wrtee r${random.pick(DATA_REGISTERS)}`];
  return [...loadConstant(scratch, randomMsr(random, surroundings)), `mtmsr r${scratch}`];
}

/**
 * A change of the TLB that has no effect on the code under way, or a look into it. Entries of code are only changed by handlers: until
 * the next synchronization, which is fetched itself, it is undefined which of them is used.
 */
export function tlbChange(random: RandomWords, surroundings: Surroundings): Part[] {
  const { oneSpace, pa } = surroundings;
  switch (random.below(oneSpace ? 5 : 4)) {
    case 0: {
      const slot = random.pick([FIRST_SLOT.data, FIRST_SLOT.wild]) + random.below(8);
      const page = pa + Block.data + PAGE_BYTES * random.below(4);
      return [`li r${scratch2},${slot}`, ...loadConstant(scratch, page), `tlbwe r${scratch},r${scratch2},1`, 'isync'];
    }
    case 1: {
      const slot = random.pick([FIRST_SLOT.data, FIRST_SLOT.wild]) + random.below(8);
      return [`li r${scratch2},${slot}`, `li r${scratch},0`, `tlbwe r${scratch},r${scratch2},0`, 'isync'];
    }
    case 2:
      return mapWindow(random, surroundings);
    case 3:
      return [`li r${scratch2},${random.below(64)}`, `tlbre r${dataRegister(random)},r${scratch2},${random.below(3)}`];
    default: {
      const ea = random.oneIn(2)
        ? Ea.window + WINDOW_STRIDE * random.below(WINDOWS) + random.below(2 * PAGE_BYTES)
        : random.pick([Ea.code, Ea.data, Ea.codeAlias]) + random.below(4 * PAGE_BYTES);
      const search = random.pick(['tlbsx', 'tlbsx.']);
      return [...loadConstant(scratch, ea), `${search} r${dataRegister(random)},0,r${scratch}`];
    }
  }
}

/**
 * Maps a page of the window anew, for some process. It ends with a move of the page, as QEMU 7.2 does not drop what it has remembered
 * of an entry when its permissions change.
 */
function mapWindow(random: RandomWords, { oneSpace, pa }: Surroundings): Part[] {
  const window = random.below(WINDOWS);
  const isLarge = random.oneIn(3);
  const space = oneSpace ? 0 : random.below(2);
  const word0 = (Ea.window + WINDOW_STRIDE * window) | 0x200 | (space << 8) | (isLarge ? 0x20 : 0x10);
  const page = pa + Block.data + (isLarge ? 0 : PAGE_BYTES * random.below(4));
  const permissions = random.oneIn(2) ? ALL : random.below(64);
  const write = (word: number, content: number) => [...loadConstant(scratch, content), `tlbwe r${scratch},r${scratch2},${word}`];
  return [
    ...[`li r${scratch},${random.oneIn(2) ? 0 : random.below(4)}`, `mtspr MMUCR,r${scratch}`],
    ...[`li r${scratch2},${WINDOW_SLOT + window}`, `li r${scratch},0`, `tlbwe r${scratch},r${scratch2},0`],
    ...write(1, page),
    ...write(2, permissions),
    ...write(0, word0 + WINDOW_STRIDE / 2),
    ...write(0, word0),
    'isync',
  ];
}

/** A synchronization, or a privileged cache operation on what everyone may write. */
export function synchronization(random: RandomWords): Part[] {
  return [random.pick(['isync', 'msync', 'mbar', `dccci 0,r${linear}`, `iccci 0,r${linear}`])];
}
