import { assemble } from '@exitlab/core';

/** Words 0 of TLB entries, without their page: valid, of 4 KB and of 64 KB. */
export const VALID_4K = 0x210;
export const VALID_64K = 0x230;
/** MSR of a user program: PR and EE. */
export const MSR_USER = 0xc000;

/** Assembles lines at an address; `@name:` marks a place, `@name` stands for its address. */
export function assembleAt(address: number, text: string): Uint8Array {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim());
  const places = new Map<string, number>();
  const code: string[] = [];
  for (const line of lines) {
    if (line.endsWith(':')) places.set(line.slice(0, -1), address + 4 * code.length);
    else code.push(line);
  }
  const bytes = new Uint8Array(4 * code.length);
  const view = new DataView(bytes.buffer);
  code.forEach((line, index) => {
    const resolved = line.replace(/@\w+/, (name) => `0x${(places.get(name) as number).toString(16)}`);
    view.setUint32(4 * index, assemble(resolved, address + 4 * index));
  });
  return bytes;
}

/** A handler that counts its interrupts in a word of memory; another keeps a register meanwhile. */
export function countingHandler(counter: number, saved: number, last: 'rfi' | 'rfci'): string {
  return `
  stw r3,${saved}(0)
  lwz r3,${counter}(0)
  addi r3,r3,1
  stw r3,${counter}(0)
  lwz r3,${saved}(0)
  ${last}`;
}

/**
 * A handler of system calls: r0 is the number of a case, in order; the number behind the last ends the run. Cases have SRR0 and SRR1 in r6
 * and r7, to which `@out` returns.
 */
export function systemCallHandler(cases: readonly string[], before: readonly string[] = []): string {
  const tests = cases.flatMap((code, number) => [
    ...[`cmpwi r0,${number}`, `bne @case${number + 1}`],
    ...[code.trim(), 'b @out', `@case${number + 1}:`],
  ]);
  return [
    ...['mfspr r6,SRR0', 'mfspr r7,SRR1', ...before, ...tests],
    ...['lis r3,0x3000', 'mtspr DBCR0,r3'],
    ...['@out:', 'mtspr SRR0,r6', 'mtspr SRR1,r7', 'rfi'],
  ].join('\n');
}
