import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readResult, writeAtomically } from '../packages/results/dist/src/index.js';
import { fillBlocks, reportInput } from '../reports/dist/src/index.js';
import { root, runSteps, StepError } from './workspace.mjs';

/**
 * Puts the charts and tables of a real run into README.md, between `<!-- exitlab: … -->` and `<!-- /exitlab -->`:
 * node scripts/update-readme.mjs [RESULT.json ...]; the default is what `npm start` has measured. The workspace must be built.
 */
const IMAGES_FOLDER = 'docs/images';
const files = process.argv.length > 2 ? process.argv.slice(2) : [join(root, 'out/bench.json')];

await runSteps([
  async () => {
    try {
      await update();
    } catch (error) {
      if (!['ResultFileError', 'NotComparableError'].includes(error.name)) throw error;
      throw new StepError(error.message, 2);
    }
  },
]);

async function update() {
  const results = [];
  for (const file of files) results.push({ file, result: await readResult(file) });
  const readme = join(root, 'README.md');
  const { text, images } = await fillBlocks(await readFile(readme, 'utf8'), reportInput(results, 'README'), IMAGES_FOLDER);
  for (const [name, svg] of images) await writeAtomically(join(root, IMAGES_FOLDER, name), svg);
  await writeAtomically(readme, text);
}
