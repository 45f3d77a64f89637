import { Msr, Vector } from '../../../src/isa/vectors.js';
import { RandomWords } from '../../random-words.js';
import { bigEndian, type Piece } from '../machines.js';
import {
  ANSWERS_A_VECTOR,
  Answer,
  Block,
  blockPa,
  DATA_PAGES,
  Ea,
  linearEa,
  MOST_LOGGED,
  MOST_RESTARTS,
  pageTables,
  Register,
  START_SPRS,
} from './layout.js';
import { ProgramWriter } from './program-writer.js';
import { randomMsr, randomValue, type Surroundings } from './surroundings.js';

const VECTORS = 16;

/** Answers that lead on, by vector. */
function answers(vector: number, { oneSpace, byProcess, dropsData }: Surroundings): readonly number[] {
  const { skip, toSupervisor, toUser, restart, fill, dropCode, swapCopies, nextProcess, switchSpace } = Answer;
  const dropData = dropsData ? Answer.dropData : 0;
  switch (vector) {
    case Vector.dataStorage:
      // In another state the rest of a piece might be allowed to store what its start was not.
      return [skip, skip, skip, skip | dropData, restart];
    case Vector.instructionStorage:
      return [restart, toSupervisor, toUser];
    case Vector.program:
      return [skip, skip, skip, skip | toSupervisor, skip | toSupervisor, skip | dropData];
    case Vector.systemCall:
      return [
        ...[0, toSupervisor, toSupervisor, toUser, dropCode, swapCopies, dropData, dropCode | dropData, restart],
        ...(oneSpace ? [] : [switchSpace, switchSpace | swapCopies]),
        ...(byProcess ? [nextProcess, nextProcess | toUser] : []),
      ];
    case Vector.dataTlbError:
      return [fill, fill, fill, fill, fill | dropCode, fill | dropData];
    case Vector.instructionTlbError:
      return [fill, fill, fill, fill | dropData];
    default:
      return [skip, skip, skip, skip | toSupervisor, skip | toUser];
  }
}

/** A program with its data, its page tables, how interrupts are answered, and where it is started again and again. */
export function randomBlock(seed: number, index: number): Piece {
  const random = new RandomWords(seed);
  const surroundings: Surroundings = {
    oneSpace: random.oneIn(2),
    byProcess: random.oneIn(2),
    dropsData: random.oneIn(2),
    float: random.oneIn(2),
    machineChecks: random.oneIn(2) ? Msr.ME : 0,
    interrupting: random.pick([0.1, 0.4, 1]),
    pa: blockPa(index),
    linear: linearEa(index),
  };
  const writer = new ProgramWriter(random, surroundings);
  const [code, codeCopy] = writer.write();
  const bytes = Buffer.alloc(Block.log);
  const place = (offset: number, words: readonly number[]) => void bigEndian(words).copy(bytes, offset);

  const gprs = Array.from({ length: 32 }, () => randomValue(random));
  gprs[Register.fuel] = 60 + random.below(200);
  gprs[Register.data] = Ea.data;
  gprs[Register.linear] = surroundings.linear + Block.data;
  gprs[Register.code] = Ea.code;
  place(Block.gprs, gprs);
  place(Block.crToLr, [random.next(), (random.next() & 0xe0000000) | random.below(13), random.below(20), writer.randomAddress()]);
  const saved = () => [writer.randomAddress(), randomMsr(random, surroundings)];
  place(Block.sprs, [...saved(), ...saved(), ...Array.from({ length: START_SPRS.length - 4 }, () => randomValue(random))]);
  const restarts = 6 + random.below(MOST_RESTARTS - 6);
  place(Block.restartCount, [restarts, MOST_LOGGED, surroundings.byProcess ? 1 : 0]);
  for (let vector = 0; vector < VECTORS; vector++) {
    const choices = answers(vector, surroundings);
    place(
      Block.answers + 4 * ANSWERS_A_VECTOR * vector,
      Array.from({ length: ANSWERS_A_VECTOR }, () => random.pick(choices)),
    );
  }
  place(Block.restarts, Array.from({ length: restarts }, saved).flat());
  place(Block.pageTables, pageTables(surroundings.pa, random));
  place(
    Block.data,
    Array.from({ length: DATA_PAGES * 1024 }, () => randomValue(random)),
  );
  place(Block.code, code);
  place(Block.codeCopy, codeCopy);
  return { pa: surroundings.pa, bytes };
}
