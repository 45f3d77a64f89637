import test from 'ava';
import fc from 'fast-check';
import { Accounting } from '../src/accounting.js';
import { Durations } from '../src/durations.js';
import { ExitLedger } from '../src/exit-ledger.js';
import { ExitType } from '../src/exit-types.js';
import { LINUX_3_4_COSTS, runMicroguests } from '../src/index.js';
import { Work } from '../src/work.js';
import { oracleImage } from './oracle-rows.js';

/** A work that differs from a fresh one in a single item. */
function workWith(item: keyof Work): Work {
  const fresh = new Work();
  const value = fresh[item];
  return Object.assign(new Work(), { [item]: typeof value === 'number' ? value + 1 : typeof value === 'string' ? 'sync' : !value });
}

const ITEMS = Object.keys(new Work()) as (keyof Work)[];

test('works that differ in any one item are not equal, and none of it is left by a reset', (t) => {
  for (const item of ITEMS) {
    const other = workWith(item);
    t.false(new Work().equals(other), item);
    t.true(other.equals(other.copy()), item);
    other.reset(0, false);
    t.true(new Work().equals(other), item);
  }
});

test('the ledger finds equal works of the same type again, and no others', (t) => {
  const ledger = new ExitLedger();
  const entry = ledger.add(ExitType.DTLBVIRT, new Work(), 7);
  t.is(ledger.find(ExitType.DTLBVIRT, new Work()), entry);
  t.is(ledger.find(ExitType.ITLBVIRT, new Work()), undefined);
  for (const item of ITEMS) t.is(ledger.find(ExitType.DTLBVIRT, workWith(item)), undefined, item);
});

test('more different works than the ledger holds are all accounted for', (t) => {
  const accounting = new Accounting(LINUX_3_4_COSTS);
  const work = new Work();
  let cycles = 0;
  const exits = 10_000;
  for (let slots = 0; slots < exits; slots++) {
    work.hashUpdates = slots;
    cycles += accounting.bookExit(ExitType.DTLBREAL, 0, work);
  }
  const summary = accounting.snapshot().exits.find(({ type }) => type === 'DTLBREAL');
  t.is(summary?.count, exits);
  t.is(summary?.sumCycles, cycles);
  t.is(
    Object.values(summary?.parts ?? {}).reduce((sum, part) => sum + part, 0),
    cycles,
  );
});

/** What exits of works come to, each priced and added by itself. */
function sumsOf(works: readonly Work[]) {
  const durations = new Durations();
  const parts: Record<string, number> = {};
  for (const work of works) {
    durations.add(
      LINUX_3_4_COSTS.price(ExitType.MMIO, work, (part, instructions) => {
        parts[part] = (parts[part] ?? 0) + instructions;
      }),
    );
  }
  return { ...durations.summary(), parts };
}

test('exits that differ in how far they searched come to what each of them costs, be their searches remembered or not', (t) => {
  const amount = fc.nat(63);
  const search = fc.record({
    slotsBelow: amount,
    slotsAbove: amount,
    slotsOtherTid: amount,
    slotsInvalid: amount,
    slotsOtherSpace: amount,
  });
  const rest = fc.record({ searches: fc.nat(3), searchHits: fc.nat(1), delivered: fc.nat(3), heavyExits: fc.nat(1), releases: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(fc.tuple(search, rest), { maxLength: 200 }), (exits) => {
      const works = exits.map(([slots, others]) => Object.assign(new Work(), slots, others));
      const accounting = new Accounting(LINUX_3_4_COSTS);
      const prices = works.map((work) => accounting.bookExit(ExitType.MMIO, 0, work));
      t.deepEqual(
        prices,
        works.map((work) => LINUX_3_4_COSTS.price(ExitType.MMIO, work)),
      );
      const { type, parts, ...summary } = accounting.snapshot().exits.find((each) => each.type === 'MMIO')!;
      const expected = sumsOf(works);
      t.deepEqual({ ...summary, parts: { ...parts } }, expected);
      accounting.clear();
      t.is(accounting.snapshot().exits.find((each) => each.type === type)?.count, 0);
    }),
  );
});

test('more kinds of searching exits than are told apart are all accounted for', (t) => {
  const works = Array.from({ length: 3000 }, (_, n) => Object.assign(new Work(), { searches: 1, releases: n % 1500, slotsAbove: n % 7 }));
  const accounting = new Accounting(LINUX_3_4_COSTS);
  for (const work of works) accounting.bookExit(ExitType.MMIO, 0, work);
  const { type: _, ...summary } = accounting.snapshot().exits.find((each) => each.type === 'MMIO')!;
  t.deepEqual(summary, sumsOf(works));
});

test('what is cleared is forgotten, and what comes after it counts', (t) => {
  const accounting = new Accounting(LINUX_3_4_COSTS);
  const pinned = accounting.pin(ExitType.EMUL_MFSPR, new Work());
  pinned.count++;
  accounting.bookExit(ExitType.EMUL_MFSPR, 0, new Work());
  accounting.clear();
  pinned.count++;
  t.is(accounting.snapshot().exits.find(({ type }) => type === 'EMUL_MFSPR')?.count, 1);
  t.is(accounting.snapshot().exits.find(({ type }) => type === 'EMUL_MFSPR')?.count, 1, 'looking at it changes nothing');
});

test('guests come to the same, instruction for instruction, by the short way of an exit and by the long one', (t) => {
  const only = [
    'mfsprg0',
    'mtsprg4',
    'rfi',
    'irqsave_restore',
    'mtmsr_ee_toggle',
    'dtlbreal_min',
    'dec_spin_10us',
    'dec_idle_1ms',
    'ext_irq',
  ];
  const long = runMicroguests(oracleImage(), { only, hypervisor: { onExit: () => {} } });
  t.deepEqual(runMicroguests(oracleImage(), { only }), long);
});

test('instructions and parts come in the order of their names, however their exits were booked', (t) => {
  const works = ['wrtee', 'tlbwe', 'mtmsr'].map((instruction) => Object.assign(new Work(), { instruction, restoresAllGprs: true }));
  const orders = [works, works.toReversed()].map((ordered) => {
    const accounting = new Accounting(LINUX_3_4_COSTS);
    for (const [index, work] of ordered.entries()) {
      if (index === 0) accounting.pin(ExitType.EMUL_WRTEE, work).count++;
      else accounting.bookExit(ExitType.EMUL_WRTEE, 0, work);
    }
    const { exits, instructions } = accounting.snapshot();
    return { instructions: [...instructions.keys()], parts: exits.map(({ parts }) => Object.keys(parts)) };
  });
  t.deepEqual(orders[0]?.instructions, ['mtmsr', 'tlbwe', 'wrtee']);
  t.deepEqual(orders[0], orders[1]);
  for (const names of orders[0]?.parts ?? []) t.deepEqual(names, names.toSorted());
});
