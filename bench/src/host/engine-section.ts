import { ENGINES, type EngineName, Processor440 } from '@exitlab/core';
import { applyEntryState, BambooBoard, loadPlaced, parseKernel, planBoot } from '@exitlab/monitor';
import { type HostCase, measureHostCases } from '../host-suite.js';
import { EVENT_PROGRAMS } from './event-programs.js';
import { figure, type HostSection } from './host-section.js';

const MEMORY_BYTES = 64 * 2 ** 20;
const CORE_HZ = 400e6;
/** Events so many that no measurement comes to the end of them. */
const ENDLESS = 0x7fff0000;
const SLICE_INSTRUCTIONS = 100_000;
const MICROSECONDS = 1e6;

/** A processor in the middle of an event program. */
function machineOf(image: Uint8Array, engine: EngineName): Processor440 {
  const board = new BambooBoard({ memoryBytes: MEMORY_BYTES, send: () => {} });
  const processor = new Processor440({
    ramSizeBytes: MEMORY_BYTES,
    coreHz: CORE_HZ,
    timebaseHz: CORE_HZ,
    devices: board.devices,
    dcrs: board.dcrs,
    engine,
  });
  board.connect(processor);
  const plan = planBoot({ kernel: parseKernel(image, MEMORY_BYTES), memoryBytes: MEMORY_BYTES, bootArguments: '' });
  loadPlaced(plan.images, processor.memory);
  applyEntryState(processor, plan.entry);
  return processor;
}

/** A slice of each event program in each engine. */
function engineCases(): HostCase[] {
  return EVENT_PROGRAMS.flatMap(({ event, image }) =>
    ENGINES.map((engine) => {
      const processor = machineOf(image(ENDLESS), engine);
      return {
        name: `${event}: ${SLICE_INSTRUCTIONS / 1000} k instructions, ${engine}`,
        run: () => void processor.run(SLICE_INSTRUCTIONS),
      };
    }),
  );
}

/** In-process cases, by benchmark.js. */
export const engineSection: HostSection = {
  name: 'engines',
  meaning: 'slices of event programs in each engine, in this process',
  share: 1,
  async measure({ caseSeconds }) {
    const results = await measureHostCases(engineCases(), caseSeconds);
    return results.map(({ name, secondsPerCall }) =>
      figure(
        `in process: ${name}`,
        'µs',
        secondsPerCall.map((seconds) => seconds * MICROSECONDS),
      ),
    );
  },
};
