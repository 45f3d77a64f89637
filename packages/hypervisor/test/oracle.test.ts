import test from 'ava';
import { EXIT_TYPES, type HypervisorOptions, LINUX_3_4_COSTS, type MicroguestResult, runMicroguests, USER_SPACE } from '../src/index.js';
import { oracleImage, oracleRows } from './oracle-rows.js';

/** Not in the figures: on the real thing it never ends (oracle README). */
const ENDLESS = 'user_tid0';
/** A host scheduler tick: one DEC exit of about 2,960 instructions (oracle README), which the model leaves out. */
const HOST_TICK_INSTRUCTIONS = 2960;

const image = oracleImage();
const counts = oracleRows('exit-counts.csv');
const results = new Map<string, MicroguestResult>(runMicroguests(image).map((result) => [result.name, result]));
const exitColumns = Object.keys(counts[0] as object).filter((column) => !['guest', 'n', 'host_instructions_total'].includes(column));

/** The guest's own decrementer expiries that find it running; a DEC beyond them is a host tick. */
const ownExpiries = (guest: string, n: number): number => (guest.startsWith('dec_spin') ? n : 0);

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
  t.regex(results.get(ENDLESS)?.failure ?? '', /DTLBVIRT at 0x02018890 for address 0x02300000 without end/);
});

/** Which exits a row of exit-costs.csv is about: by type and, for emulated instructions, by the instruction's cost key. */
const EXITS_OF_ROW: readonly { readonly instruction: RegExp; readonly exit: RegExp }[] = [
  { instruction: /^mfspr r\d+,946/, exit: /^EMUL_MFSPR mfspr 946/ },
  { instruction: /^mfspr r\d+,947/, exit: /^EMUL_MFSPR mfspr 947/ },
  { instruction: /^mtspr 946/, exit: /^EMUL_MTSPR mtspr 946/ },
  { instruction: /^tlbwe r\d+,r\d+$/, exit: /^EMUL_TLBWE tlbwe.*word0/ },
  { instruction: /^tlbwe r\d+,r\d+,1/, exit: /^EMUL_TLBWE tlbwe.*word1/ },
  { instruction: /^tlbwe r\d+,r\d+,2/, exit: /^EMUL_TLBWE tlbwe.*word2/ },
  { instruction: /^tlbsx/, exit: /^EMUL_TLBSX/ },
  { instruction: /^mtmsr/, exit: /^EMUL_(MTMSR|WAIT) mtmsr/ },
  { instruction: /^(mfmsr|wrteei?|iccci|dcbi|tlbsync|mfdcr|mtdcr|rfi)/, exit: /^/ },
  { instruction: /^(stw|stb)/, exit: /^MMIO/ },
  { instruction: /^lwz r4/, exit: /^MMIO/ },
  { instruction: /^lwz r9/, exit: /^DTLB(VIRT|REAL)/ },
  { instruction: /^(dcbf|dcbst|icbi)/, exit: /^DTLBVIRT/ },
  { instruction: /^sc/, exit: /^SYSCALL/ },
  { instruction: /^fmr/, exit: /^FP_UNAVAIL/ },
  { instruction: /^bctrl/, exit: /^ITLBVIRT/ },
  { instruction: /^blt/, exit: /^DEC/ },
];

/** Rows whose figure is not one exit's, by guest and instruction: why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'ctxsw_1 rfi': 'the exit and the ITLBVIRT that follows at once',
  'ctxsw_8 rfi': 'the exit and the ITLBVIRT that follows at once',
};

/** SPRs by the mnemonics that the disassembler of the oracle writes. */
const SPR_MNEMONICS: Readonly<Record<string, number>> = {
  srr0: 26,
  srr1: 27,
  pvr: 287,
  pir: 286,
  dear: 61,
  esr: 62,
  ivpr: 63,
  dec: 22,
  tsr: 336,
  tcr: 340,
  pid: 48,
  dbsr: 304,
};

function exitPattern(instruction: string): RegExp {
  const known = EXITS_OF_ROW.find((row) => row.instruction.test(instruction));
  const [, direction = '', name = '', number = ''] = /^(mf|mt)(sprg|\w+) (?:r\d+,)?(\d?)/.exec(instruction) ?? [];
  const sprn = name === 'sprg' ? 272 + Number(number) : SPR_MNEMONICS[name];
  if (sprn !== undefined) return new RegExp(`${direction}spr ${sprn} `);
  if (known === undefined) throw new Error(`no exit is known for ${instruction}`);
  const mnemonic = instruction.split(' ')[0] as string;
  return known.exit.source === '^' ? new RegExp(` ${mnemonic} `) : known.exit;
}

/** What a guest's exits cost in the kernel (user space has a column of its own), by what made them. */
function pricesOf(guest: string): Map<string, Map<number, number>> {
  const prices = new Map<string, Map<number, number>>();
  const onExit: NonNullable<HypervisorOptions['onExit']> = (type, work) => {
    const kernelPrice = LINUX_3_4_COSTS.breakdown(type, work)
      .filter(({ part }) => part !== USER_SPACE)
      .reduce((sum, { instructions }) => sum + instructions, 0);
    const key = `${EXIT_TYPES[type]?.name} ${work.instruction} ${work.sprn} word${work.tlbWord}`;
    const histogram = prices.get(key) ?? new Map<number, number>();
    histogram.set(kernelPrice, (histogram.get(kernelPrice) ?? 0) + 1);
    prices.set(key, histogram);
  };
  runMicroguests(image, { only: [guest], hypervisor: { onExit } });
  return prices;
}

const pricesByGuest = new Map<string, Map<string, Map<number, number>>>();

for (const row of oracleRows('exit-costs.csv')) {
  const guest = row.guest as string;
  const instruction = row.instruction as string;
  const reason = LEFT_OUT[`${guest} ${instruction}`];
  if (reason !== undefined) continue;
  test(`one exit of ${instruction} in ${guest} costs what it cost, within one per cent of the mode`, (t) => {
    const prices = pricesByGuest.get(guest) ?? pricesOf(guest);
    pricesByGuest.set(guest, prices);
    const pattern = exitPattern(instruction);
    const candidates = [...prices].filter(([key]) => pattern.test(key)).flatMap(([, histogram]) => [...histogram]);
    t.true(candidates.length > 0, `no exit ${pattern} among ${[...prices.keys()].join(', ')}`);
    const most = Math.max(...candidates.map(([, count]) => count));
    const modes = candidates.filter(([, count]) => count >= most * 0.8).map(([price]) => price);
    const measured = Number(row.instructions_mode);
    t.true(
      modes.some((price) => Math.abs(price / measured - 1) <= 0.01),
      `${modes.join(' or ')} modelled, ${measured} measured`,
    );
  });
}
