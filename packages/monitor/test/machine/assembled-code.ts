import { assemble } from '@exitlab/core';

/** Assembly lines as bytes for the address `ea`. */
export function assembled(lines: readonly string[], ea: number): Uint8Array {
  const bytes = new Uint8Array(lines.length * 4);
  const view = new DataView(bytes.buffer);
  lines.forEach((line, index) => {
    view.setUint32(index * 4, assemble(line, ea + index * 4));
  });
  return bytes;
}

/** Code that resets the machine, which ends a run. */
export const RESET = ['lis r24,0x3000', 'mtspr 308,r24', 'b 0'];
