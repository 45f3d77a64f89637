import type { Config } from 'vega-lite';

/**
 * Colours and type common to all charts; the colours of text and lines follow the page by {@link CHART_STYLE}.
 * Labels have no limit (0): without a canvas Vega overestimates their width and would cut names that fit.
 */
export const CHART_CONFIG: Config = {
  font: 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif',
  background: 'transparent',
  padding: 12,
  view: { stroke: null },
  axis: {
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelPadding: 5,
    labelLimit: 0,
    domain: false,
    ticks: false,
    grid: true,
    gridColor: '#e3e7eb',
  },
  axisY: { grid: false },
  header: { labelFontSize: 11, labelFontWeight: 600, titleFontSize: 11, labelLimit: 0, labelPadding: 6 },
  legend: {
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 600,
    labelLimit: 0,
    symbolType: 'square',
    symbolStrokeWidth: 0,
    rowPadding: 4,
  },
};

/**
 * Style inside every SVG file. The picture has its own background and follows the viewer's light or dark setting, so that it is
 * readable on any page; presentation attributes that Vega writes yield to these rules.
 */
export const CHART_STYLE = `
svg.exitlab-chart{--chart-paper:#ffffff;--chart-ink:#333c46;--chart-line:#e3e7eb;background:var(--chart-paper)}
svg.exitlab-chart .chart-paper{fill:var(--chart-paper)}
svg.exitlab-chart text{fill:var(--chart-ink)}
svg.exitlab-chart .role-axis-grid line{stroke:var(--chart-line)}
@media (prefers-color-scheme:dark){svg.exitlab-chart{--chart-paper:#161b22;--chart-ink:#d5dbe2;--chart-line:#30363d}}
`.trim();

/** Vega expression of an axis label for counts: 500, 20k, 3M; Vega's own choice of one prefix for all writes 0k. */
export const COUNT_LABEL = "datum.value === 0 ? '0' : format(datum.value, '~s')";

/** The colour of a strategy in every chart. */
export function strategyColours(strategies: readonly string[]): string[] {
  const known: Record<string, string> = {
    native: '#8a94a0',
    trap: '#e2711d',
    pv: '#6a56c2',
    patched: '#12807a',
    'patched:static': '#7cc4bd',
    'patched:load': '#12807a',
    'patched:trap': '#0b4a46',
  };
  return strategies.map((strategy) => known[strategy] ?? '#b3303c');
}
