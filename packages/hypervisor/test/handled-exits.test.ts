import test from 'ava';
import { EXIT_TYPES } from '../src/index.js';
import { KERNEL_JUMP, KINDS, type Round, TIMER_SERVED, USER_CODE, USER_DATA, Vector } from './exit-routine-guest.js';
import { runExitRoutineGuest } from './exit-routine-run.js';

test('the exits that a random guest makes are of the kinds that routines handle', (t) => {
  const program = KINDS.flatMap((kind) => [17, 2048].map((operand): Round => ({ kind, operand })));
  const { shown } = runExitRoutineGuest(program, 1_000_000, 'wasm', {});
  const made = new Set(shown.statistics.exits.filter(({ count }) => count > 0).map(({ type }) => type));
  for (const type of ['DTLBREAL', 'DTLBVIRT', 'ITLBVIRT', 'SYSCALL', 'EMUL_TLBWE', 'EMUL_MTSPR', 'EMUL_MFSPR', 'EMUL_WRTEE', 'EMUL_RFI']) {
    t.true(made.has(type), type);
  }
  t.true(EXIT_TYPES.length > made.size);
  t.true(shown.ticks > 0, 'timer interrupts have been taken');
  t.is(shown.outcome, 'reset');
});

/** The least number of exits by type that routines have handled at some pcs. */
function handledAt(
  isWithin: (pc: number) => boolean,
  { traced, outside }: ReturnType<typeof runExitRoutineGuest>,
): ReadonlyMap<string, number> {
  const made = new Map<string, { pc: number; type: string; count: number }>();
  for (const [type, pc] of traced as [number, number][]) {
    if (!isWithin(pc)) continue;
    const name = EXIT_TYPES[type]!.name;
    const known = made.get(`${pc} ${name}`) ?? { pc, type: name, count: 0 };
    made.set(`${pc} ${name}`, { ...known, count: known.count + 1 });
  }
  const inside = new Map<string, number>();
  for (const { pc, type, count } of made.values()) {
    inside.set(type, (inside.get(type) ?? 0) + Math.max(0, count - (outside.get(pc) ?? 0)));
  }
  return inside;
}

test('routines handle exits while MSR[EE] holds an interrupt back', (t) => {
  const loads = Array.from({ length: 16 }, (_, index): Round => ({ kind: 'load', operand: 16 * index }));
  const program: readonly Round[] = [{ kind: 'timer', operand: 16 }, ...loads];
  const result = runExitRoutineGuest(program, 1_000_000, 'wasm', { countSites: true });
  t.true(result.shown.ticks > 50, 'timer interrupts have been taken');
  const handled = handledAt((pc) => pc >= Vector.DECREMENTER && pc < TIMER_SERVED, result);
  for (const type of [
    'DTLBREAL',
    'DTLBVIRT',
    'EMUL_TLBWE',
    'EMUL_TLBSX',
    'EMUL_MTSPR',
    'EMUL_MFSPR',
    'EMUL_MFMSR',
    'EMUL_MTMSR',
    'EMUL_WRTEE',
    'EMUL_RFI',
  ]) {
    t.true((handled.get(type) ?? 0) > 20, type);
  }
});

test('routines handle what the guest kernel gets for want of a permission, from user and kernel mode', (t) => {
  const kinds = ['userStore', 'kernelStore', 'userJump', 'kernelJump', 'load'] as const;
  const result = runExitRoutineGuest(
    [0, 16, 32].flatMap((operand) => kinds.map((kind): Round => ({ kind, operand }))),
    1_000_000,
    'wasm',
    { countSites: true },
  );
  t.is(result.shown.outcome, 'reset');
  const handled = (isWithin: (pc: number) => boolean, type: string) => handledAt(isWithin, result).get(type) ?? 0;
  t.true(handled((pc) => pc >= USER_CODE && pc < USER_DATA, 'DSI') > 10, 'stores of the user');
  t.true(handled((pc) => pc < USER_CODE, 'DSI') > 10, 'stores of the kernel');
  t.true(handled((pc) => pc >= USER_DATA && pc % 4096 === 0, 'ISI') > 10, 'fetches of the user');
  t.true(handled((pc) => pc >= USER_DATA && pc % 4096 === KERNEL_JUMP, 'ISI') > 10, 'fetches of the kernel');
});

test('routines search the guest TLB for the guest kernel, whether they find an entry or not', (t) => {
  const kinds = ['load', 'search', 'switch', 'search', 'invalidate', 'search'] as const;
  const program = [0, 3, 19, 40, 200].flatMap((operand) => kinds.map((kind): Round => ({ kind, operand })));
  const result = runExitRoutineGuest(program, 1_000_000, 'wasm', { countSites: true });
  t.is(result.shown.outcome, 'reset');
  const [searches, hits] = result.shown.searches as [number, number];
  t.true(hits > 20 && searches - hits > 20, `${hits} of ${searches} find one`);
  t.true((handledAt(() => true, result).get('EMUL_TLBSX') ?? 0) > 4 * searches);
});
