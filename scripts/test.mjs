import { removeStaleTests } from './stale-tests.mjs';
import { build, checkNode, install, runSteps, runTool } from './workspace.mjs';

/** `npm test`: installs, builds, lints and tests, up to the first failure. Arguments go to ava, whose summary comes last. */
await runSteps([
  checkNode,
  install,
  build,
  removeStaleTests,
  () => runTool('@biomejs/biome', 'bin/biome', ['check', '.']),
  () => runTool('ava', 'entrypoints/cli.mjs', process.argv.slice(2)),
]);
