import { type DeviceBus, Processor440 } from '../../src/index.js';
import { assemble } from '../../src/isa/assembler.js';

/** Where the code of a {@link codeMachine} starts. */
export const CODE = 0x1000;

/** A machine of 64 KB, mapped one to one, at the start of a few instructions; what is executed a few times is translated. */
export function codeMachine(
  engine: 'wasm' | 'interpreter',
  lines: readonly string[],
  devices: DeviceBus = { read: () => 0, write: () => {} },
): Processor440 {
  const processor = new Processor440({
    ramSizeBytes: 0x10000,
    coreHz: 400e6,
    timebaseHz: 400e6,
    devices,
    dcrs: { read: () => 0, write: () => {} },
    engine,
    translationThresholds: { warm: 4, hot: 64 },
  });
  processor.writeTlb(0, 1, 0);
  processor.writeTlb(0, 2, 0x3f);
  processor.writeTlb(0, 0, 0x230);
  for (const [index, line] of lines.entries()) processor.memory.write32(CODE + 4 * index, assemble(line));
  processor.pc = CODE;
  return processor;
}
