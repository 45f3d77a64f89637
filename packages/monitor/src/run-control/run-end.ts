import type { PanicSign } from '../console/panic-signs.js';
import type { EndlessFault, GuestFailure } from './runnable.js';

/** Why a run is over. */
export type RunEnd =
  | { readonly reason: 'reset' }
  | { readonly reason: 'expected-text'; readonly text: string }
  | { readonly reason: 'panic'; readonly sign: PanicSign }
  | { readonly reason: 'halt-without-wakeup' }
  | { readonly reason: 'instruction-limit' }
  | { readonly reason: 'timeout' }
  | { readonly reason: 'endless-fault'; readonly fault: EndlessFault }
  | { readonly reason: 'hypervisor-failure'; readonly failure: GuestFailure }
  | { readonly reason: 'interrupted' };

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

/** One sentence for the user. */
export const describeRunEnd = (end: RunEnd): string => {
  switch (end.reason) {
    case 'reset':
      return 'The guest reset the machine.';
    case 'expected-text':
      return `The guest printed the expected text ${JSON.stringify(end.text)}.`;
    case 'panic':
      return `The guest's kernel failed: ${end.sign.line.trim()}`;
    case 'halt-without-wakeup':
      return 'The guest waits for an interrupt that nothing can bring.';
    case 'instruction-limit':
      return 'The guest reached the limit of instructions.';
    case 'timeout':
      return 'The guest reached the limit of host time.';
    case 'endless-fault': {
      const { vector, pc, ea, count, explanation } = end.fault;
      const what = `The guest faults endlessly: IVOR${vector} at ${hex(pc)} for address ${hex(ea)}, ${count} times in a row`;
      return explanation === undefined ? `${what}.` : `${what}; ${explanation}.`;
    }
    case 'hypervisor-failure':
      return end.failure.sentence;
    case 'interrupted':
      return 'The run was interrupted.';
  }
};
