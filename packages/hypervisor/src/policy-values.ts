import { checkPolicy, type Policy, PolicyError, REPLACEMENTS } from './policy.js';

/** How one policy is written as text. */
interface PolicyValue<K extends keyof Policy> {
  /** What may be written, for the user. */
  readonly form: string;
  /** The value, or undefined where the text is none. */
  parse(text: string): Policy[K] | undefined;
}

const oneOf = <T extends string>(...choices: readonly T[]) => ({
  form: choices.join(', '),
  parse: (text: string): T | undefined => choices.find((choice) => choice === text),
});

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

const count = { form: 'a whole number', parse: (text: string) => (/^\d+$/.test(text) ? Number(text) : undefined) };
const size = {
  form: 'a page size such as 4K, 64K or 16M',
  parse: (text: string) => {
    const match = /^(\d+)([KMG]?)B?$/i.exec(text);
    return match === null ? undefined : Number(match[1]) * (UNITS[(match[2] ?? '').toUpperCase()] ?? 1);
  },
};

/** Every policy that a run or a sweep can name, a row each. */
export const POLICY_VALUES = {
  shadowSlots: count,
  replacement: oneOf(...REPLACEMENTS),
  replacementSeed: count,
  mapping: oneOf('eager', 'lazy'),
  permissions: oneOf('kvm', 'privilege'),
  hostPageBytes: size,
  hardwarePids: oneOf('two', 'flush', 'each'),
  guestTlbSearch: oneOf('linear', 'hashed'),
  floatingPoint: oneOf('refused', 'lazy'),
  unsupported: oneOf('fill', 'as-kvm'),
  magicPageMapping: oneOf('pinned', 'slot'),
  trampolineMapping: oneOf('pinned', 'slot'),
} as const satisfies { readonly [K in keyof Policy]?: PolicyValue<K> };

/**
 * `base` with the policies that `texts` names, each as text.
 * @throws PolicyError for a name that is none, or a value that makes no sense
 */
export function withPolicyValues(base: Policy, texts: Readonly<Record<string, string>>): Policy {
  const values: Record<string, string | number> = {};
  for (const [name, text] of Object.entries(texts)) {
    if (!Object.hasOwn(POLICY_VALUES, name)) {
      throw new PolicyError(`There is no policy "${name}": use one of ${Object.keys(POLICY_VALUES).join(', ')}.`);
    }
    const row: PolicyValue<keyof Policy> = POLICY_VALUES[name as keyof typeof POLICY_VALUES];
    const value = row.parse(text);
    if (value === undefined) throw new PolicyError(`The policy ${name} takes ${row.form}, not "${text}".`);
    values[name] = value;
  }
  if (Object.keys(values).length === 0) return base;
  const description = Object.entries(texts).map(([name, text]) => `${name}=${text}`);
  return checkPolicy({ ...base, ...values, name: [base.name, ...description].join(' ') });
}
