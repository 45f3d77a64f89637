import test from 'ava';
import { type MicroguestResult, runMicroguests } from '../src/index.js';
import { HOST_TICK_INSTRUCTIONS, KERNELS, modesOf, ownExpiries, type Prices, pricesOf, whyLeftOut } from './oracle-exits.js';
import { oracleImage, oracleRows } from './oracle-rows.js';

/** Not in the figures: on the real thing it never ends (oracle README). */
const ENDLESS = 'user_tid0';
const image = oracleImage();
const counts = oracleRows('exit-counts.csv');
const results = new Map<string, MicroguestResult>(runMicroguests(image).map((result) => [result.name, result]));
const exitColumns = Object.keys(counts[0] as object).filter((column) => !['guest', 'n', 'host_instructions_total'].includes(column));

for (const row of counts) {
  const guest = row.guest as string;
  test(`${guest} makes the exits that the real KVM counted`, (t) => {
    const result = results.get(guest);
    t.is(result?.failure, undefined);
    const expected = Object.fromEntries(exitColumns.map((type) => [type, Number(row[type])]));
    expected.DEC = ownExpiries(guest, Number(row.n));
    const ours = Object.fromEntries([...exitColumns, ...Object.keys(result?.exits ?? {})].map((type) => [type, result?.exits[type] ?? 0]));
    t.deepEqual(ours, expected);
  });

  test(`${guest} takes what the real host took, within one per cent`, (t) => {
    const result = results.get(guest) as MicroguestResult;
    const ticks = Number(row.DEC) - ownExpiries(guest, result.n);
    const total = result.hostInstructions + result.guestInstructions + ticks * HOST_TICK_INSTRUCTIONS;
    const measured = Number(row.host_instructions_total);
    t.true(Math.abs(total / measured - 1) <= 0.01, `${total} modelled, ${measured} measured`);
  });
}

test('user access to a page with TID 0 is reported as an endless fault, with its address', (t) => {
  t.true(results.get(ENDLESS)?.endlessFault);
  t.regex(results.get(ENDLESS)?.failure ?? '', /DTLBVIRT at 0x02018890 for address 0x02300000 without end/);
});

const pricesByRun = new Map<string, Map<string, Prices>>();

for (const { profile, column } of KERNELS) {
  for (const row of oracleRows('exit-costs.csv')) {
    const guest = row.guest as string;
    const instruction = row.instruction as string;
    if (whyLeftOut(profile, row) !== undefined) continue;
    if (row[column] === '') continue;
    test(`one exit of ${instruction} in ${guest} costs what it cost under ${profile}, within one per cent of the mode`, (t) => {
      const policyOf = profile === 'linux-3.4-64k' ? profile : 'linux-3.4';
      const prices = pricesByRun.get(`${policyOf} ${guest}`) ?? pricesOf(guest, policyOf);
      pricesByRun.set(`${policyOf} ${guest}`, prices);
      const modes = modesOf(prices.get(profile) as Prices, instruction);
      t.true(modes.length > 0, 'no such exit');
      const measured = Number(row[column]);
      t.true(
        modes.some((price) => Math.abs(price / measured - 1) <= 0.01),
        `${modes.join(' or ')} modelled, ${measured} measured`,
      );
    });
  }
}
