import test from 'ava';
import { EndlessFaultDetector, type ObservedExit } from '../src/endless-fault.js';

const fault: ObservedExit = {
  pc: 0x10000588,
  address: 0x10000588,
  typeName: 'ISI',
  isFault: true,
  permittedByGuest: false,
  userMode: true,
  guestInstructions: 0,
};

/** Feeds exits to a detector of limit 100 and returns after how many it reports, or undefined. */
function reportedAfter(exits: Iterable<ObservedExit>): number | undefined {
  const detector = new EndlessFaultDetector(100);
  let count = 0;
  for (const exit of exits) {
    count++;
    if (detector.observe(exit) !== undefined) return count;
  }
  return undefined;
}

function* repeated(times: number, exit: (index: number) => ObservedExit): Iterable<ObservedExit> {
  for (let index = 0; index < times; index++) yield exit(index);
}

test('a fault that repeats while no instruction completes is endless', (t) => {
  t.is(reportedAfter(repeated(1000, () => ({ ...fault, userMode: false }))), 100);
});

test('a user fault that the guest handles again and again is endless, though its handler makes progress', (t) => {
  t.is(reportedAfter(repeated(1000, (index) => ({ ...fault, guestInstructions: 500 * index }))), 100);
});

test('a fault that the guest cannot explain by its own TLB is endless sooner', (t) => {
  const after = reportedAfter(repeated(1000, (index) => ({ ...fault, permittedByGuest: true, guestInstructions: 500 * index })));
  t.true(after !== undefined && after < 100);
});

test('faults at ever new places are no matter how many', (t) => {
  t.is(reportedAfter(repeated(10_000, (index) => ({ ...fault, address: index, pc: index, guestInstructions: index }))), undefined);
});

const kernelMiss: ObservedExit = { ...fault, typeName: 'DTLBREAL', pc: 0x10db8, address: 0x90000000, userMode: false };
const rfi: ObservedExit = { ...kernelMiss, typeName: 'EMUL_RFI', pc: 0x2000, address: 0x2000, isFault: false };

test('a kernel fault to which the handler returns without having mended it is endless', (t) => {
  const storm = repeated(1000, (index) =>
    index % 2 === 0 ? { ...kernelMiss, guestInstructions: index / 2 } : { ...rfi, guestInstructions: (index + 1) / 2 },
  );
  // The first fault follows no return.
  t.is(reportedAfter(storm), 201);
});

test('a kernel loop that takes the same fault each time around, and has it mended each time, is none', (t) => {
  const demand = repeated(10_000, (index) =>
    index % 2 === 0 ? { ...kernelMiss, guestInstructions: 50 * index } : { ...rfi, guestInstructions: 50 * index },
  );
  t.is(reportedAfter(demand), undefined);
});

test('a process that is resumed again and again at an instruction whose page has gone meanwhile is none', (t) => {
  // Resumed into the fault, mended, then another exit far away before the next turn.
  const turns = repeated(10_000, (index) => {
    const turn = 1000 * Math.floor(index / 4);
    return [
      { ...rfi, guestInstructions: turn },
      { ...kernelMiss, guestInstructions: turn },
      { ...rfi, guestInstructions: turn + 9 },
      { ...rfi, typeName: 'EMUL_MFSPR', guestInstructions: turn + 500 },
    ][index % 4]!;
  });
  t.is(reportedAfter(turns), undefined);
});

test('a fault after each return that the hypervisor mends itself is none', (t) => {
  const refills = repeated(10_000, (index) =>
    index % 2 === 0 ? { ...rfi, guestInstructions: index } : { ...kernelMiss, typeName: 'DTLBVIRT', guestInstructions: index - 1 },
  );
  t.is(reportedAfter(refills), undefined);
});
