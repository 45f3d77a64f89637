/** Why a sensitive instruction is left as it is: a row each, with what the report says. */
export const REFUSALS = {
  'user-mode': 'the code runs in user mode, where the page is not mapped and the instruction must fault',
  data: 'the word lies in a data object',
  'no-reach': 'the trampolines are farther away than a branch reaches',
  'no-room': 'no free memory for its trampoline was found',
  alone: 'it is not one of three that write an entry with nothing between them',
  unchosen: 'it is not among the sites that were asked for',
  'live-registers':
    'the target of a return needs LR or CTR, and both are live at an interrupt return; a branch written for the purpose costs more than it saves',
  effects: 'a write has effects beyond the register, which only the hypervisor can bring about',
  translation: 'it reads the guest’s TLB, which is the hypervisor’s to keep',
  device: 'a device control register belongs to a device, so that the machine monitor must answer',
  cache: 'what it does to the caches is the hypervisor’s to do',
  'not-in-page': 'the page does not hold the register: it moves too rarely to be worth a word',
} as const;
export type Refusal = keyof typeof REFUSALS;

/** Why instructions have no rule, by what their names match; the first that does counts. */
const UNRULED: readonly { readonly names: RegExp; readonly refusal: Refusal }[] = [
  { names: /^rf/, refusal: 'live-registers' },
  { names: /^m[tf]dcr/, refusal: 'device' },
  { names: /^tlb/, refusal: 'translation' },
  { names: /^(ic|dc)/, refusal: 'cache' },
  { names: /^mtspr (PID|DEC|DECAR|TCR|TBL|TBU|MCSR|DB\w+|[ID]AC\d|DVC\d|IVPR|IVOR\d+|CCR\d)$/, refusal: 'effects' },
];

/** Why an instruction that no rule matches stays as it is. `name` is that of a kernel instruction. */
export const refusalWithoutRule = (name: string): Refusal => UNRULED.find(({ names }) => names.test(name))?.refusal ?? 'not-in-page';
