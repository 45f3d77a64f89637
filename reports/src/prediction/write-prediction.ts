import { join } from 'node:path';
import { type Prediction, predictionText, writeAtomically } from '@exitlab/results';
import { renderChart } from '../charts/render-chart.js';
import { SAVING_CHART, savingChart } from './saving-chart.js';

/**
 * Writes a prediction into `folder`: `prediction.json`, `sites.txt` with a line a patch, the best first, and `saving.svg`.
 * @returns the paths
 * @throws ResultFileError for a file that cannot be written
 */
export async function writePrediction(prediction: Prediction, folder: string): Promise<string[]> {
  const json = join(folder, 'prediction.json');
  const list = join(folder, 'sites.txt');
  await writeAtomically(json, predictionText(prediction));
  await writeAtomically(list, siteLines(prediction));
  const drawing = savingChart(prediction);
  if (drawing === undefined) return [json, list];
  const chart = join(folder, 'saving.svg');
  const { title, caption } = SAVING_CHART;
  await writeAtomically(chart, await renderChart(drawing.spec, { title, description: caption }, drawing.drawnMarks));
  return [json, list, chart];
}

function siteLines({ ranking }: Prediction): string {
  return ranking
    .map(({ sites }) => {
      const what = `${sites[0]!.instruction} in ${sites[0]!.symbol ?? 'no function'}`;
      return `${sites.map(({ ea }) => `0x${ea.toString(16).padStart(8, '0')}`).join(' ')} # ${what}\n`;
    })
    .join('');
}
