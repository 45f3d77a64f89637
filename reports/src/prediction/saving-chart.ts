import type { Prediction } from '@exitlab/results';
import type { TopLevelSpec } from 'vega-lite';
import { cyclesToUs } from '../report-input.js';

export const SAVING_CHART = {
  id: 'saving',
  title: 'Modelled time saved by patching the best sites',
  measure: 'modelled time',
  caption:
    'Predicted from a profile of the unpatched guest: the time saved against the number of patches, those that save most first. Where the curve falls, more patches cost more than they save.',
} as const;

/** Time saved against the number of patches; undefined where nothing can be patched. */
export function savingChart({
  curve,
  measuredCycles,
  coreHz,
}: Prediction): { readonly spec: TopLevelSpec; readonly drawnMarks: number } | undefined {
  if (curve.length === 0) return undefined;
  const values = curve.map(({ patches, cycles }) => ({ patches, savedMs: cyclesToUs(measuredCycles - cycles, coreHz) / 1e3 }));
  return {
    drawnMarks: values.length,
    spec: {
      data: { values },
      width: 440,
      height: 260,
      mark: { type: 'line', point: { filled: true, size: 35 } },
      encoding: {
        x: {
          field: 'patches',
          type: 'quantitative',
          title: 'patches, the best first (logarithmic)',
          scale: { type: 'log', nice: false },
          axis: { tickCount: 6, format: ',~r', grid: false },
        },
        y: { field: 'savedMs', type: 'quantitative', title: 'predicted saving, ms', scale: { zero: true }, axis: { grid: true } },
      },
    } as TopLevelSpec,
  };
}
