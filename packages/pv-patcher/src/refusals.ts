/** Why a sensitive instruction is left as it is: a row each, with what the report says. */
export const REFUSALS = {
  'no-rule': 'no rule takes this exit away',
  'user-mode': 'the code runs in user mode, where the page is not mapped and the instruction must fault',
  data: 'the word lies in a data object',
} as const;
export type Refusal = keyof typeof REFUSALS;
