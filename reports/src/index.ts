/** Reports: result files in; Markdown, HTML, charts and CSV out. Nothing is measured here. */
export type { Chart, Measure } from './charts/chart.js';
export { CHARTS } from './charts/registry.js';
export { ChartError, renderChart } from './charts/render-chart.js';
export { html } from './html.js';
export { compareLayouts, exitShares, layoutsDocument, writeLayoutsReport } from './layouts/write-layouts-report.js';
export { markdown, markdownTable } from './markdown.js';
export { pathsDocument, writePathsReport } from './paths/write-paths-report.js';
export { SAVING_CHART, savingChart } from './prediction/saving-chart.js';
export { writePrediction } from './prediction/write-prediction.js';
export { type FilledText, fillBlocks } from './readme-blocks.js';
export { reportDocument } from './report-document.js';
export { type NamedResult, NotComparableError, type ReportInput, reportInput, type WorkloadRow } from './report-input.js';
export { HISTORY, historyTable, writeHistoryReport } from './sweep/history.js';
export { SWEEP_QUANTITIES, sweepChart } from './sweep/sweep-chart.js';
export { sweepTable, writeSweepReport } from './sweep/write-sweep-report.js';
export { comparisonTable } from './tables/comparison.js';
export { exitTimingTable } from './tables/exit-timing.js';
export { type WrittenReport, writeReport } from './write-report.js';
