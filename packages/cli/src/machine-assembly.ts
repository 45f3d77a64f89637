import { hypervisorChoice, type RunSurroundings, runGuest } from '@exitlab/bench';
import { KVM_GENERATIONS, parseMicroguestImage, runMicroguests } from '@exitlab/hypervisor';
import { STRATEGIES } from '@exitlab/monitor';
import type { Machines } from './machines.js';

/** The machines as they are put together from board, processor and hypervisor. */
export function assembleMachines(surroundings: RunSurroundings): Machines {
  return {
    strategies: STRATEGIES,
    runGuest: (spec, io) => runGuest(spec, io, surroundings),
    costProfiles: KVM_GENERATIONS.map(({ costs }) => costs.name),
    openMicroguests: ({ bytes }, wish) => {
      const hypervisor = hypervisorChoice(wish);
      return {
        names: parseMicroguestImage(bytes).map(({ name }) => name),
        run: async (name) => runMicroguests(bytes, { only: [name], hypervisor })[0]!,
      };
    },
  };
}
