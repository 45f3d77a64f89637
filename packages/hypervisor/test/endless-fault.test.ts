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
