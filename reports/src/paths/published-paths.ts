/** What others counted of the same paths: exits of one time through, virtual misses apart. A row each. */
export interface PublishedPath {
  readonly path: string;
  readonly kernel: string;
  /** Without a shared page, and with it. */
  readonly without: number;
  readonly with?: number;
  readonly source: string;
}

const DERIVED_2_6_38 = 'counted from the source of Linux 2.6.38 (head_44x.S, entry_32.S, hw_irq.h)';
const MEASURED = 'measured under the KVM of Linux 3.4 on an emulated 440 (packages/hypervisor/oracle)';

export const PUBLISHED_PATHS: readonly PublishedPath[] = [
  { path: 'null-system-call', kernel: 'Linux 2.6.38', without: 18, with: 3, source: DERIVED_2_6_38 },
  { path: 'null-system-call', kernel: 'Linux 6.12', without: 12, source: MEASURED },
  { path: 'null-system-call', kernel: 'Linux 6.12 without KUAP', without: 10, source: MEASURED },
  { path: 'dtlb-refill', kernel: 'Linux 2.6.38', without: 19, with: 8, source: DERIVED_2_6_38 },
  { path: 'dtlb-refill', kernel: 'Linux 6.12', without: 19, source: MEASURED },
  { path: 'irq-pair', kernel: 'Linux 2.6.38', without: 3, with: 0, source: DERIVED_2_6_38 },
];
