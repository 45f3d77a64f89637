import { EXIT_TYPES, type HypervisorOptions, KVM_GENERATIONS, kvmGeneration, LINUX_3_4, runMicroguests, USER_SPACE } from '../src/index.js';
import { type OracleRow, oracleImage } from './oracle-rows.js';

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
export type Prices = Map<string, Map<number, number>>;

/** What a guest's exits cost in each kernel (user space has a column of its own), under the policy of one of them. */
export function pricesOf(guest: string, policyOf: string, image = oracleImage()): Map<string, Prices> {
  const prices = new Map<string, Prices>(KVM_GENERATIONS.map(({ costs }) => [costs.name, new Map()]));
  const onExit: NonNullable<HypervisorOptions['onExit']> = ({ type, work }) => {
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
export const KERNELS = [
  { profile: 'linux-3.4', column: 'instructions_mode' },
  { profile: 'linux-3.4-exit-timing', column: 'linux_3_4_exit_timing' },
  { profile: 'linux-3.4-Os', column: 'linux_3_4_Os' },
  { profile: 'linux-3.1', column: 'linux_3_1' },
  { profile: 'linux-3.6', column: 'linux_3_6' },
  { profile: 'linux-3.4-64k', column: 'linux_3_4_64k_pages' },
] as const;

/** Why a row says nothing of one exit under a kernel; undefined where it does. */
export function whyLeftOut(profile: string, { guest, instruction }: OracleRow): string | undefined {
  return LEFT_OUT[`${guest} ${instruction}`] ?? LEFT_OUT[`${profile} ${guest} ${instruction}`];
}

/** The prices that the exits of a row most often have, of a guest's prices. */
export function modesOf(prices: Prices, instruction: string): number[] {
  const pattern = exitPattern(instruction);
  const candidates = [...prices].filter(([key]) => pattern.test(key)).flatMap(([, histogram]) => [...histogram]);
  const most = Math.max(...candidates.map(([, count]) => count));
  return candidates.filter(([, count]) => count >= most * 0.8).map(([price]) => price);
}

/** A host scheduler tick: one DEC exit of about 2,960 instructions (oracle README), which the model leaves out. */
export const HOST_TICK_INSTRUCTIONS = 2960;

/** The guest's own decrementer expiries that find it running; a DEC beyond them is a host tick. */
export const ownExpiries = (guest: string, n: number): number => (guest.startsWith('dec_spin') ? n : 0);
