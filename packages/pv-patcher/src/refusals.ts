/** Why a sensitive instruction is left as it is: a row each, with what the report says. */
export const REFUSALS = {
  'no-rule': 'no rule takes this exit away',
  'user-mode': 'the code runs in user mode, where the page is not mapped and the instruction must fault',
  data: 'the word lies in a data object',
  'no-reach': 'the trampolines are farther away than a branch reaches',
  'no-room': 'no free memory for its trampoline was found',
  alone: 'it is not one of three that write an entry with nothing between them',
  unchosen: 'it is not among the sites that were asked for',
  'live-registers': 'a return needs LR or CTR for its target, and both are live at an interrupt return',
} as const;
export type Refusal = keyof typeof REFUSALS;

/** Instructions that no rule can have, by the name of the instruction, where there is more to say than that there is none. */
export const REFUSED_INSTRUCTIONS: Readonly<Record<string, Refusal>> = {
  rfi: 'live-registers',
  rfci: 'live-registers',
  rfmci: 'live-registers',
};
