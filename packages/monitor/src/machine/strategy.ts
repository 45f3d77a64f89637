import type { Policy } from '@exitlab/hypervisor';

/** One way of running a guest: what is under it, and what is done to it beforehand. */
export interface StrategyRow {
  readonly name: string;
  readonly meaning: string;
  /** The guest runs in problem state under the hypervisor. */
  readonly hypervisor: boolean;
  /** Whether guest kernel and hypervisor share a page, and whether the guest is told. */
  readonly magicPage: Policy['magicPage'];
  /** The guest's privileged instructions are rewritten from outside before it starts. */
  readonly patched: boolean;
}

export const STRATEGIES = [
  { name: 'native', meaning: 'on the bare hardware, without a hypervisor', hypervisor: false, magicPage: 'none', patched: false },
  { name: 'trap', meaning: 'unmodified under the hypervisor: trap and emulate', hypervisor: true, magicPage: 'none', patched: false },
  {
    name: 'pv',
    meaning: 'under the hypervisor, by the interface that Linux patches itself for; no KVM for the 440 ever offered it',
    hypervisor: true,
    magicPage: 'offered',
    patched: false,
  },
  {
    name: 'patched',
    meaning: 'under the hypervisor, with privileged instructions rewritten from outside',
    hypervisor: true,
    magicPage: 'silent',
    patched: true,
  },
] as const satisfies readonly StrategyRow[];

export type StrategyName = (typeof STRATEGIES)[number]['name'];

export function strategyByName(name: string): StrategyRow | undefined {
  return STRATEGIES.find((row) => row.name === name);
}
