import { PATHS_SCHEMA, type PathsResult } from '@exitlab/results';
import { syntheticRun } from '@exitlab/results/synthetic';
import test from 'ava';
import { markdown, pathsDocument, reportDocument, reportInput } from '../src/index.js';
import { publishedClaimsTable } from '../src/tables/published-claims.js';

const run = { others: [], occurrences: 100, alike: 90, exitsByType: { SYSCALL: 100, EMUL_RFI: 110, DTLBVIRT: 50 } };

function pathsResult(measured: boolean[]): PathsResult {
  const { guest } = syntheticRun({ strategy: 'trap' });
  return {
    schema: PATHS_SCHEMA,
    toolVersion: 'test',
    guest,
    policy: {},
    paths: [
      {
        id: 'null-system-call',
        title: 'A null system call',
        workload: 'getppid',
        instructions: 186,
        steps: [
          { pc: 0x10000000, instruction: '(user code)', type: 'SYSCALL' },
          { pc: 0xc0001000, instruction: 'mfsrr0 r9', word: 0x7d3a02a6, symbol: 'SystemCall', type: 'EMUL_MFSPR' },
          { pc: 0xc0001004, instruction: 'rfi', word: 0x4c000064, symbol: 'SystemCall', type: 'EMUL_RFI' },
        ],
        runs: [{ label: 'patched (load)', expected: [true, false, true], measured, ...run }],
      },
    ],
  };
}

test('a path shows each step with what was expected of it and what was seen, and the mean of the workload', (t) => {
  const text = markdown(pathsDocument([pathsResult([true, false, true])], 'exitlab paths'));
  t.regex(text, /1 of 1 lists are just those expected/);
  t.regex(text, /\| c0001000 \| mfsrr0 r9 \| SystemCall \| EMUL_MFSPR \| – \|/);
  t.regex(text, /\| c0001004 \| rfi \| SystemCall \| EMUL_RFI \| exit \|/);
  t.regex(text, /\*\*2 \/ 2\*\*/);
  t.regex(text, /\| 100 \| 90 \| 2\.10 \| 0\.50 \|/, 'virtual misses apart');
});

test('an exit that was not expected, or not seen, is called so', (t) => {
  const text = markdown(pathsDocument([pathsResult([true, true, false])], 'exitlab paths'));
  t.regex(text, /0 of 1 lists are just those expected/);
  t.regex(text, /seen, not expected/);
  t.regex(text, /expected, not seen/);
});

test('published claims stand beside the figures of a guest that stamps its boot, and nowhere else', async (t) => {
  const named = (strategy: string) => ({ file: `${strategy}.json`, result: syntheticRun({ strategy }) });
  const input = reportInput(['native', 'trap', 'pv', 'patched'].map(named), 'Test');
  t.is(publishedClaimsTable(input), undefined);
  const withBoot = { ...input, runs: input.runs.map((each) => ({ ...each, phases: [{ ...each, name: 'boot' }] })) };
  const table = publishedClaimsTable(withBoot)!;
  const boot = table.rows.find(([claim]) => claim!.startsWith('Boot'))!;
  const cycles = (strategy: string) => withBoot.runs.find((each) => each.strategy === strategy)!.modelledTime.cycles;
  t.deepEqual(boot.slice(1, 3), ['2.5 times as long', `${(cycles('trap') / cycles('patched')).toFixed(2)} ×`]);
  t.regex(markdown(await reportDocument(input)), /KVM never offered the shared page to guests on the 440/);
});
