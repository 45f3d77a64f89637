import { join } from 'node:path';
import { build, checkNode, install, root, runNode, runSteps, StepError } from './workspace.mjs';

/** `npm start`: from a fresh checkout to a report of the bundled guests. Arguments go to "exitlab bench". */
const exitlab = join(root, 'packages/cli/bin/exitlab.mjs');

/** As many repetitions as fit, so that the whole stays under two minutes; a guest that hangs must not use them up. */
const QUICK = ['--budget', '75', '--timeout', '20'];

await runSteps([
  checkNode,
  install,
  build,
  async () => {
    // A guest that fails is in the report as well, so the report comes first and the status after it.
    const failure = await statusOf(() =>
      runNode([exitlab, 'bench', '--out', 'out', ...(process.argv.length > 2 ? process.argv.slice(2) : QUICK)]),
    );
    if (failure !== undefined && failure.status !== 1) throw failure;
    await runNode([exitlab, 'report', 'out/bench.json', '--out', 'out/report', '--title', 'Exit timing of the bare-metal guests']);
    if (failure !== undefined) throw failure;
  },
]);

async function statusOf(step) {
  try {
    await step();
    return undefined;
  } catch (error) {
    if (error instanceof StepError) return error;
    throw error;
  }
}
