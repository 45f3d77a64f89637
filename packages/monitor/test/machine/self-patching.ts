import { SharedField } from '@exitlab/hypervisor';

/**
 * What a guest that patches itself makes of its code, by the rules of Linux's `CONFIG_KVM_GUEST` (arch/powerpc/kernel/kvm.c): moves become
 * loads and stores of the page at -4096, and changes of MSR[EE] branch to a sequence that is critical while it runs, which it marks by its
 * stack pointer in the page. Instructions of our own; what is kept to is the interface.
 */

const at = (field: number): string => `${-4096 + field}(0)`;

/** Fields by SPR number, for both directions; the numbers under which SPRG4 to SPRG7 are read without a trap are for reading only. */
const FIELDS: Readonly<Record<number, number>> = {
  ...{ 272: SharedField.sprg0, 273: SharedField.sprg1, 274: SharedField.sprg2, 275: SharedField.sprg3 },
  ...{ 276: SharedField.sprg4, 277: SharedField.sprg5, 278: SharedField.sprg6, 279: SharedField.sprg7 },
  ...{ 26: SharedField.srr0, 27: SharedField.srr1, 61: SharedField.dear, 62: SharedField.esr },
};
const READ_ONLY_FIELDS: Readonly<Record<number, number>> = {
  ...{ 260: SharedField.sprg4, 261: SharedField.sprg5, 262: SharedField.sprg6, 263: SharedField.sprg7 },
  286: SharedField.pir,
};

/** The instruction that takes the place of another; undefined where none does. */
function inPlace(line: string): string | undefined {
  const [, target, readSpr] = /^mfspr (r\d+),(\d+)$/.exec(line) ?? [];
  const read = readSpr && (FIELDS[Number(readSpr)] ?? READ_ONLY_FIELDS[Number(readSpr)]);
  if (read) return `lwz ${target},${at(read)}`;
  const [, writeSpr, source] = /^mtspr (\d+),(r\d+)$/.exec(line) ?? [];
  const written = writeSpr && FIELDS[Number(writeSpr)];
  if (written) return `stw ${source},${at(written)}`;
  const [, msrTarget] = /^mfmsr (r\d+)$/.exec(line) ?? [];
  if (msrTarget) return `lwz ${msrTarget},${at(SharedField.msr)}`;
  return line === 'tlbsync' ? 'nop' : undefined;
}

const ENTER = [
  `stw r1,${at(SharedField.critical)}`,
  `stw r31,${at(SharedField.scratch1)}`,
  'mfcr r31',
  `stw r31,${at(SharedField.scratch2)}`,
  `stw r30,${at(SharedField.scratch3)}`,
  `lwz r31,${at(SharedField.msr)}`,
];
const LEAVE = [
  `lwz r30,${at(SharedField.scratch3)}`,
  `lwz r31,${at(SharedField.scratch2)}`,
  'mtcrf 255,r31',
  `lwz r31,${at(SharedField.scratch1)}`,
  `stw r2,${at(SharedField.critical)}`,
];

/** What computes the new MSR in r31; the sequence branches to `@real` where only the hypervisor can make the change. */
function newMsr(line: string): string[] | undefined {
  const clear = 'rlwinm r31,r31,0,17,15';
  if (line === 'wrteei 0') return [clear];
  if (line === 'wrteei 1') return ['ori r31,r31,0x8000'];
  const [, enable] = /^wrtee (r\d+)$/.exec(line) ?? [];
  if (enable) return [`rlwimi r31,${enable},0,16,16`];
  const [, whole] = /^mtmsr (r\d+)$/.exec(line) ?? [];
  // All bits but EE and RI.
  return (
    (whole && [
      `xor r30,r31,${whole}`,
      'rlwinm r30,r30,0,17,15',
      'rlwinm r30,r30,0,31,29',
      'cmpwi r30,0',
      'bne @real',
      `mr r31,${whole}`,
    ]) ||
    undefined
  );
}

/** The sequence for an instruction at `siteEa`, to stand at `ea`. */
function sequence(line: string, change: readonly string[], siteEa: number, ea: number): string[] {
  const lines = [
    ...ENTER,
    ...change,
    'andi. r30,r31,0x8000',
    'beq @store',
    `lwz r30,${at(SharedField.intPending)}`,
    'cmpwi r30,0',
    'bne @real',
    `@store: stw r31,${at(SharedField.msr)}`,
    ...LEAVE,
    `b ${siteEa + 4}`,
    ...LEAVE.map((each, index) => (index === 0 ? `@real: ${each}` : each)),
    line,
    `b ${siteEa + 4}`,
  ];
  const label = (name: string): string => `${ea + 4 * lines.findIndex((each) => each.startsWith(`${name}: `))}`;
  return lines.map((each) => each.replace(/^@\w+: /, '').replace(/@\w+$/, label));
}

/**
 * Patched code in the place of `lines`, which begin at `ea`, and the sequences that it branches to, which begin at `sequencesEa`. Only the
 * instructions for which `isPatched` holds are touched; the others trap and do the same.
 */
export function selfPatched(
  lines: readonly string[],
  ea: number,
  sequencesEa: number,
  isPatched: (index: number) => boolean = () => true,
): { readonly lines: string[]; readonly sequences: string[] } {
  const sequences: string[] = [];
  const patched = lines.map((line, index) => {
    if (!isPatched(index)) return line;
    const change = newMsr(line);
    if (change === undefined) return inPlace(line) ?? line;
    const place = sequencesEa + 4 * sequences.length;
    sequences.push(...sequence(line, change, ea + 4 * index, place));
    return `b ${place}`;
  });
  return { lines: patched, sequences };
}

/** Asks for the page: an r0, r3, r4 and r11 of its own. The guest never executes from it. */
export const MAP_PAGE = ['li r3,-4096', 'li r4,-4095', 'lis r11,42', 'ori r11,r11,4', 'lis r0,0x4b56', 'ori r0,r0,0x4d21', 'sc'];
