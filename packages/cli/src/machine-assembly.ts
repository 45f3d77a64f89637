import type { Machines } from './machines.js';

/** The machines as they are put together from board, processor and hypervisor. */
export const machines: Machines = {
  strategies: [
    { name: 'native', meaning: 'on the bare hardware, without a hypervisor' },
    { name: 'trap', meaning: 'unmodified under the hypervisor: trap and emulate' },
    { name: 'patched', meaning: 'under the hypervisor, with privileged instructions rewritten from outside' },
  ],
  runGuest: () => Promise.reject(new Error('The machine is not assembled yet.')),
  openMicroguests: () => {
    throw new Error('The machine is not assembled yet.');
  },
};
