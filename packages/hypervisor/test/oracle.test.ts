import test from 'ava';
import {
  EXIT_TYPES,
  type HypervisorOptions,
  KVM_GENERATIONS,
  kvmGeneration,
  LINUX_3_4,
  type MicroguestResult,
  runMicroguests,
  USER_SPACE,
} from '../src/index.js';
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
  'linux-3.4-exit-timing user_nop rfi': 'the exits at a reset of the counters, which exit timing books otherwise',
  'linux-3.4-exit-timing user_nop sc': 'the exits at a reset of the counters, which exit timing books otherwise',
  'linux-3.1 mftsr mftsr r4': 'that kernel refuses the register, and user space reports an error',
  'linux-3.1 mftcr mftcr r4': 'that kernel refuses the register, and user space reports an error',
  'linux-3.1 mtdec_big mtdec r4': 'that kernel starts no timer while TCR[DIE] is 0',
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

/** Prices by what made the exit, how often each occurred. */
type Prices = Map<string, Map<number, number>>;

/** What a guest's exits cost in each kernel (user space has a column of its own), under the policy of one of them. */
function pricesOf(guest: string, policyOf: string): Map<string, Prices> {
  const prices = new Map<string, Prices>(KVM_GENERATIONS.map(({ costs }) => [costs.name, new Map()]));
  const onExit: NonNullable<HypervisorOptions['onExit']> = (type, work) => {
    const key = `${EXIT_TYPES[type]?.name} ${work.instruction} ${work.sprn} word${work.tlbWord}`;
    for (const { costs } of KVM_GENERATIONS) {
      let kernelPrice = 0;
      costs.price(type, work, (part, instructions) => {
        if (part !== USER_SPACE) kernelPrice += instructions;
      });
      const byKey = prices.get(costs.name) as Prices;
      const histogram = byKey.get(key) ?? new Map<number, number>();
      histogram.set(kernelPrice, (histogram.get(kernelPrice) ?? 0) + 1);
      byKey.set(key, histogram);
    }
  };
  const policy = { ...LINUX_3_4, ...kvmGeneration(policyOf)?.policy };
  runMicroguests(image, { only: [guest], hypervisor: { policy, onExit } });
  return prices;
}

/** Kernels of the oracle: the profile and the column of exit-costs.csv that it answers for. */
const KERNELS = [
  { profile: 'linux-3.4', column: 'instructions_mode' },
  { profile: 'linux-3.4-exit-timing', column: 'linux_3_4_exit_timing' },
  { profile: 'linux-3.4-Os', column: 'linux_3_4_Os' },
  { profile: 'linux-3.1', column: 'linux_3_1' },
  { profile: 'linux-3.6', column: 'linux_3_6' },
  { profile: 'linux-3.4-64k', column: 'linux_3_4_64k_pages' },
] as const;

const pricesByRun = new Map<string, Map<string, Prices>>();

for (const { profile, column } of KERNELS) {
  for (const row of oracleRows('exit-costs.csv')) {
    const guest = row.guest as string;
    const instruction = row.instruction as string;
    if (LEFT_OUT[`${guest} ${instruction}`] !== undefined || LEFT_OUT[`${profile} ${guest} ${instruction}`] !== undefined) continue;
    if (row[column] === '') continue;
    test(`one exit of ${instruction} in ${guest} costs what it cost under ${profile}, within one per cent of the mode`, (t) => {
      const policyOf = profile === 'linux-3.4-64k' ? profile : 'linux-3.4';
      const prices = pricesByRun.get(`${policyOf} ${guest}`) ?? pricesOf(guest, policyOf);
      pricesByRun.set(`${policyOf} ${guest}`, prices);
      const pattern = exitPattern(instruction);
      const ofProfile = prices.get(profile) as Prices;
      const candidates = [...ofProfile].filter(([key]) => pattern.test(key)).flatMap(([, histogram]) => [...histogram]);
      t.true(candidates.length > 0, `no exit ${pattern} among ${[...ofProfile.keys()].join(', ')}`);
      const most = Math.max(...candidates.map(([, count]) => count));
      const modes = candidates.filter(([, count]) => count >= most * 0.8).map(([price]) => price);
      const measured = Number(row[column]);
      t.true(
        modes.some((price) => Math.abs(price / measured - 1) <= 0.01),
        `${modes.join(' or ')} modelled, ${measured} measured`,
      );
    });
  }
}
