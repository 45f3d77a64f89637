import { runGuest } from '@exitlab/bench';
import { STRATEGIES } from '@exitlab/monitor';
import type { Machines } from './machines.js';

/** The machines as they are put together from board, processor and hypervisor. */
export function assembleMachines(surroundings: Parameters<typeof runGuest>[2]): Machines {
  return {
    strategies: STRATEGIES,
    runGuest: (spec, io) => runGuest(spec, io, surroundings),
    openMicroguests: () => {
      throw new Error('The machine is not assembled yet.');
    },
  };
}
