import { assemble } from '../../src/isa/assembler.js';
import { Msr, Vector } from '../../src/isa/vectors.js';
import type { RandomWords } from '../random-words.js';
import { ACKNOWLEDGE_DCR, BASES, CODE_WORDS, Layout, TlbSlots } from './random-layout.js';

/** What an interrupt handler does with the program that it has interrupted. */
type Answer =
  | 'goOn'
  | 'skip'
  | 'restart'
  | 'toSupervisor'
  | 'withoutExceptions'
  | 'clearExceptions'
  | 'fillData'
  | 'fillCode'
  | 'fillOrRestart';

const CRITICAL: ReadonlySet<number> = new Set([Vector.criticalInput, Vector.watchdog, Vector.debug]);

/** Registers that a handler saves to; a critical one may come while another is under way. */
const SAVES = { base: ['SPRG0', 'SPRG3', 'SPRG7'], critical: ['SPRG4', 'SPRG5', 'SPRG6'] } as const;
const RETURNS = { base: ['SRR0', 'SRR1', 'rfi'], critical: ['CSRR0', 'CSRR1', 'rfci'] } as const;

/** Answers that lead on, by vector; one is drawn for a program. */
const ANSWERS: Readonly<Record<number, readonly Answer[]>> = {
  [Vector.criticalInput]: ['goOn', 'restart'],
  [Vector.dataStorage]: ['skip'],
  [Vector.instructionStorage]: ['restart'],
  [Vector.externalInput]: ['goOn', 'restart', 'restart'],
  [Vector.program]: ['skip', 'withoutExceptions', 'clearExceptions', 'clearExceptions', 'clearExceptions', 'toSupervisor'],
  [Vector.floatingPointUnavailable]: ['skip', 'restart'],
  [Vector.systemCall]: ['toSupervisor', 'goOn', 'restart'],
  [Vector.decrementer]: ['goOn', 'restart', 'restart', 'restart'],
  [Vector.fixedIntervalTimer]: ['goOn', 'restart'],
  [Vector.watchdog]: ['goOn', 'restart'],
  [Vector.dataTlbError]: ['fillData'],
  [Vector.instructionTlbError]: ['fillCode', 'fillOrRestart'],
  [Vector.debug]: ['goOn', 'goOn', 'restart'],
};

/** What ends the cause of an interrupt, so that it does not come back at once. */
function acknowledge(vector: number, random: RandomWords): readonly string[] {
  switch (vector) {
    case Vector.criticalInput:
    case Vector.externalInput:
      return [`mfdcr r31,${ACKNOWLEDGE_DCR}`];
    case Vector.decrementer:
      return ['lis r31,0x0800', 'mtspr TSR,r31'];
    case Vector.fixedIntervalTimer:
      return ['lis r31,0x0400', 'mtspr TSR,r31'];
    case Vector.watchdog:
      return ['lis r31,-16384', 'mtspr TSR,r31'];
    case Vector.debug:
      return ['li r31,-1', 'mtspr DBSR,r31', ...(random.oneIn(2) ? ['li r31,0', 'mtspr DBCR0,r31'] : [])];
    default:
      return [];
  }
}

const high = (value: number): number => (value & 0xffff0000) >> 16;
const load = (register: number, value: number): string[] => [
  `lis r${register},${high(value)}`,
  ...(value & 0xffff ? [`ori r${register},r${register},${value & 0xffff}`] : []),
];

/** Takes the next of the places at which the program is started again. */
function restart([save0, save1]: readonly [string, string], scratch: string): string[] {
  return [
    `mtspr ${scratch},r30`,
    `lwz r30,${Layout.turn}(0)`,
    'addi r30,r30,4',
    `rlwinm r30,r30,0,24,29`,
    `stw r30,${Layout.turn}(0)`,
    `lwz r31,${Layout.restarts}(r30)`,
    `mtspr ${save0},r31`,
    `lwz r31,${Layout.restarts + 4 * Layout.restartCount}(r30)`,
    `mtspr ${save1},r31`,
    `mfspr r30,${scratch}`,
  ];
}

/** Fills the TLB's next slot for the address that missed, as the page table says. */
function fill(isData: boolean, keepsProcessesApart: boolean): string[] {
  return [
    'mtspr SPRG3,r30',
    'mtspr SPRG7,r29',
    ...(keepsProcessesApart ? ['mfspr r31,PID'] : ['li r31,0']),
    'mtspr MMUCR,r31',
    `mfspr r31,${isData ? 'DEAR' : 'SRR0'}`,
    'mfspr r30,SRR1',
    // The address space, MSR[DS] or MSR[IS], to where word 0 has TS.
    `rlwinm r30,r30,${isData ? 4 : 3},23,23`,
    'rlwinm r29,r31,0,0,19',
    'or r29,r29,r30',
    'ori r29,r29,0x210',
    'rlwinm r31,r31,23,23,28',
    'rlwimi r31,r30,1,22,22',
    `lwz r30,${Layout.slot}(0)`,
    'addi r30,r30,1',
    'rlwinm r30,r30,0,28,31',
    `stw r30,${Layout.slot}(0)`,
    `addi r30,r30,${TlbSlots.firstFilled}`,
    'tlbwe r29,r30,0',
    `lwz r29,${Layout.pageTable}(r31)`,
    'tlbwe r29,r30,1',
    `lwz r29,${Layout.pageTable + 4}(r31)`,
    'tlbwe r29,r30,2',
    'mfspr r29,SPRG7',
    'mfspr r30,SPRG3',
  ];
}

function answerCode(answer: Answer, saved: readonly [string, string], scratch: string, random: RandomWords, apart: boolean): string[] {
  const [address, state] = saved;
  switch (answer) {
    case 'goOn':
      return [];
    case 'skip':
      return [`mfspr r31,${address}`, 'addi r31,r31,4', `mtspr ${address},r31`];
    case 'restart':
      return restart(saved, scratch);
    case 'toSupervisor':
      return [...answerCode('skip', saved, scratch, random, apart), `mfspr r31,${state}`, 'rlwinm r31,r31,0,18,16', `mtspr ${state},r31`];
    case 'withoutExceptions':
      return [...answerCode('skip', saved, scratch, random, apart), `mfspr r31,${state}`, 'rlwinm r31,r31,0,24,19', `mtspr ${state},r31`];
    case 'clearExceptions':
      return [
        ...answerCode('skip', saved, scratch, random, apart),
        ...['mfmsr r31', 'ori r31,r31,0x2000', 'mtmsr r31'],
        ...[0, 1, 2, 3, 5].map((field) => `mtfsfi ${field},0`),
      ];
    case 'fillData':
      return fill(true, apart || random.oneIn(2));
    case 'fillCode':
      return fill(false, apart || random.oneIn(2));
    case 'fillOrRestart':
      return random.oneIn(3) ? restart(saved, scratch) : fill(false, apart || random.oneIn(2));
  }
}

/**
 * The words of a vector's handler.
 * @param apart whether each page belongs to a process
 */
export function handlerWords(vector: number, random: RandomWords, apart: boolean): number[] {
  const kind = CRITICAL.has(vector) ? 'critical' : 'base';
  const [save, scratch] = SAVES[kind];
  const [address, state, back] = RETURNS[kind];
  const answer = random.pick(ANSWERS[vector] ?? (['skip'] as const));
  const lines = [
    `mtspr ${save},r31`,
    ...acknowledge(vector, random),
    ...BASES.flatMap(([register, value]) => load(register, value)),
    ...answerCode(answer, [address, state], scratch, random, apart),
    `mfspr r31,${save}`,
    back,
  ];
  if (4 * lines.length > Layout.vectorBytes) throw new Error(`the handler of vector ${vector} is too long`);
  return lines.map((line) => assemble(line));
}

/** A state to run in: mostly with floating point, at times as a user or in address space 1. */
export function randomMsr(random: RandomWords): number {
  let msr = 0;
  const set = (bits: number, times: number, of: number) => {
    if (random.below(of) < times) msr |= bits;
  };
  set(Msr.FP, 7, 8);
  set(Msr.EE, 3, 4);
  set(Msr.CE, 1, 2);
  set(Msr.ME, 1, 2);
  set(Msr.DE, 1, 4);
  set(Msr.PR, 1, 3);
  set(Msr.FE0, 1, 3);
  set(Msr.FE1, 1, 3);
  if (random.oneIn(2)) set(Msr.IS | Msr.DS, 1, 2);
  else if (random.oneIn(4)) msr |= random.pick([Msr.IS, Msr.DS]);
  return msr;
}

/** A few words of the program, to which control comes again and again, so that what is there gets translated. */
export function randomPlaces(random: RandomWords): number[] {
  return Array.from({ length: 4 + random.below(8) }, () => random.below(CODE_WORDS));
}

/** An address of one of them, by one of the ways to it. */
export function randomCodeAddress(random: RandomWords, places: readonly number[]): number {
  const base = random.oneIn(3) ? random.pick([Layout.codeAlias, Layout.linear + Layout.code]) : Layout.code;
  return base + 4 * (random.oneIn(8) ? random.below(CODE_WORDS) : random.pick(places));
}
