import { type RunSurroundings, runGuest } from '@exitlab/bench';
import { LINUX_3_4, LINUX_3_4_AS_KVM, parseMicroguestImage, runMicroguests } from '@exitlab/hypervisor';
import { STRATEGIES } from '@exitlab/monitor';
import type { Machines } from './machines.js';

/** The machines as they are put together from board, processor and hypervisor. */
export function assembleMachines(surroundings: RunSurroundings): Machines {
  return {
    strategies: STRATEGIES,
    runGuest: (spec, io) => runGuest(spec, io, surroundings),
    openMicroguests: ({ bytes }, unsupported) => {
      const policy = unsupported === 'as-kvm' ? LINUX_3_4_AS_KVM : LINUX_3_4;
      return {
        names: parseMicroguestImage(bytes).map(({ name }) => name),
        run: async (name) => runMicroguests(bytes, { only: [name], hypervisor: { policy } })[0]!,
      };
    },
  };
}
