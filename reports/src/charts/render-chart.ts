import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { CHART_CONFIG, CHART_STYLE } from './theme.js';

/** A chart that did not come out as meant: a fault of ours, never of the user. */
export class ChartError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ChartError';
  }
}

/**
 * Draws a Vega-Lite specification as SVG text, the same bytes every time. No canvas: text widths are estimated.
 * Vega reports a chart it cannot draw as a warning and draws something else, so every warning fails; and bars of width 0 come
 * without one (on a logarithmic scale, vega-lite issue 1582), so the marks are counted as well.
 * @param drawnMarks marks of a size that is not 0 that the picture must have
 * @throws ChartError
 */
export async function renderChart(spec: TopLevelSpec, name: { title: string; description: string }, drawnMarks: number): Promise<string> {
  const compiled = compile({ ...spec, config: CHART_CONFIG } as TopLevelSpec, { logger: failingLogger(name.title) }).spec;
  const view = new View(parse(compiled), { renderer: 'none', logger: failingLogger(name.title) });
  const svg = await view.toSVG();
  view.finalize();
  const visible = visibleMarks(svg);
  if (visible !== drawnMarks) throw new ChartError(`Chart "${name.title}" shows ${visible} marks instead of ${drawnMarks}.`);
  return dress(svg, name);
}

/** How many marks of the data (not axes or legends) have a width and a height. */
export function visibleMarks(svg: string): number {
  let visible = 0;
  for (const group of svg.matchAll(/<g class="mark-(?:rect|symbol) role-mark[^"]*"[^>]*>(.*?)<\/g>/gs)) {
    for (const path of group[1]!.matchAll(/<path [^>]*?\bd="([^"]+)"/g)) if (hasExtent(path[1]!)) visible++;
  }
  return visible;
}

/** Whether a path as Vega writes it encloses an area: a rectangle `M…h w v h…Z`, or a circle by arcs. */
function hasExtent(path: string): boolean {
  if (/NaN|Infinity/.test(path)) return false;
  if (/A/i.test(path)) return true;
  const width = /h(-?[\d.e-]+)/.exec(path);
  const height = /v(-?[\d.e-]+)/.exec(path);
  return Number(width?.[1] ?? 0) !== 0 && Number(height?.[1] ?? 0) !== 0;
}

/** Adds what Vega leaves out: a name for screen readers, a background, and the style that follows the page. */
function dress(svg: string, name: { title: string; description: string }): string {
  const size = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  if (size === null) throw new ChartError(`Chart "${name.title}" has no size.`);
  return `${svg.replace(
    /<svg ([^>]*?)class="marks"([^>]*)>/,
    `<svg $1class="exitlab-chart"$2 role="img"><title>${escapeXml(name.title)}</title><desc>${escapeXml(name.description)}</desc>` +
      `<style>${CHART_STYLE}</style><rect class="chart-paper" fill="#ffffff" width="${size[1]}" height="${size[2]}"/>`,
  )}\n`;
}

/** Text as it may stand in XML and HTML, in attributes too. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

function failingLogger(chart: string) {
  const fail = (...messages: readonly unknown[]): never => {
    throw new ChartError(`Chart "${chart}": ${messages.join(' ')}`);
  };
  const logger = {
    level: (_level?: number) => logger,
    error: fail,
    warn: fail,
    info: () => logger,
    debug: () => logger,
  };
  return logger as never;
}
