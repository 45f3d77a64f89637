import type { ExtendedMnemonic } from './extended-mnemonics.js';

/**
 * The extended mnemonics of conditional branches, which are a product rather than a list: what is decremented and tested (BO), which
 * CR bit (BI), the static prediction (`+` taken, `-` not taken), where the branch goes, and whether it links. (Book E, appendix on
 * extended mnemonics for branches; prediction by BO's y bit: it reverses "backward taken, forward not taken".)
 */
interface BranchTest {
  readonly name: string;
  readonly bo: number;
  /** The CR bit within its field that the name tells; absent where no bit or any bit is tested. */
  readonly bit?: number;
  /** The CR bit is an operand. */
  readonly anyBit?: boolean;
}

const WHEN_CLEAR = 4;
const WHEN_SET = 12;

// biome-ignore format: a table
const TESTS: readonly BranchTest[] = [
  { name: 'lt', bo: WHEN_SET,   bit: 0 }, { name: 'gt', bo: WHEN_SET,   bit: 1 },
  { name: 'eq', bo: WHEN_SET,   bit: 2 }, { name: 'so', bo: WHEN_SET,   bit: 3 },
  { name: 'ge', bo: WHEN_CLEAR, bit: 0 }, { name: 'le', bo: WHEN_CLEAR, bit: 1 },
  { name: 'ne', bo: WHEN_CLEAR, bit: 2 }, { name: 'ns', bo: WHEN_CLEAR, bit: 3 },
  { name: 'dnz',  bo: 16 }, { name: 'dz',  bo: 18 },
  { name: 'dnzf', bo: 0, anyBit: true }, { name: 'dzf', bo: 2,  anyBit: true },
  { name: 'dnzt', bo: 8, anyBit: true }, { name: 'dzt', bo: 10, anyBit: true },
];

interface Destination {
  /** Instruction without its LK and AA suffixes, and what the mnemonic adds for it. */
  readonly of: string;
  readonly suffix: string;
  readonly operand?: string;
  readonly variants: readonly string[];
  /** bcctr does not count down what it jumps through. */
  readonly counts: boolean;
}

const DESTINATIONS: readonly Destination[] = [
  { of: 'bc', suffix: '', operand: 'BD', variants: ['', 'l', 'a', 'la'], counts: true },
  { of: 'bclr', suffix: 'lr', variants: ['', 'l'], counts: true },
  { of: 'bcctr', suffix: 'ctr', variants: ['', 'l'], counts: false },
];

/** The operands and fixed BI of a test, once for each CR field where the name leaves the field open. */
function bitsOf({ bit, anyBit }: BranchTest): { operands: string[]; when: ExtendedMnemonic['when'] }[] {
  if (anyBit) return [{ operands: ['BI'], when: {} }];
  if (bit === undefined) return [{ operands: [], when: { BI: 0 } }];
  return Array.from({ length: 8 }, (_, field) => ({ operands: field === 0 ? [] : [`cr${field}`], when: { BI: 4 * field + bit } }));
}

function hinted(test: BranchTest, { of, suffix, operand, counts, variants }: Destination): ExtendedMnemonic[] {
  if (!counts && !(test.bo & 4)) return [];
  return variants.flatMap((variant) =>
    bitsOf(test).flatMap(({ operands, when }) => {
      const form = (hint: string, BO: number, backward?: boolean): ExtendedMnemonic => ({
        mnemonic: `b${test.name}${suffix}${variant}${hint}`,
        of: of + variant,
        operands: [...operands, ...(operand ? [operand] : [])].join(','),
        when: { ...when, BO },
        ...(backward !== undefined && { backward }),
      });
      const plain = form('', test.bo);
      // Without a displacement nothing tells the direction: y set means taken.
      if (!operand) return [form('-', test.bo), form('+', test.bo | 1), plain];
      return [form('-', test.bo, false), form('+', test.bo, true), form('+', test.bo | 1, false), form('-', test.bo | 1, true), plain];
    }),
  );
}

const ALWAYS = 20;
const UNCONDITIONAL: readonly ExtendedMnemonic[] = ['', 'l'].flatMap((link) => [
  { mnemonic: `blr${link}`, of: `bclr${link}`, operands: '', when: { BO: ALWAYS, BI: 0 } },
  { mnemonic: `bctr${link}`, of: `bcctr${link}`, operands: '', when: { BO: ALWAYS, BI: 0 } },
]);

export function conditionalBranches(): ExtendedMnemonic[] {
  return [...UNCONDITIONAL, ...TESTS.flatMap((test) => DESTINATIONS.flatMap((destination) => hinted(test, destination)))];
}
