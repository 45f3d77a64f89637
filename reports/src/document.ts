import type { Measure } from './charts/chart.js';

/** A column of a table. Numbers align right. */
export interface Column {
  readonly title: string;
  readonly kind: 'text' | 'number';
}

/** A table as data; the renderers for Markdown and HTML draw the same one. */
export interface Table {
  readonly measures: readonly Measure[];
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  /** Indices of rows set apart: totals and TIMEINGUEST. */
  readonly emphasized?: readonly number[];
}

/** A drawn chart in the document; the SVG is written to `charts/<id>.svg` as well. */
export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly measure: Measure;
  readonly caption: string;
  readonly svg: string;
}

/** A piece of a report. Text may hold `code` in back-quotes, and no other mark-up. */
export type Block =
  | { readonly kind: 'heading'; readonly level: 2 | 3 | 4; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly table: Table }
  | { readonly kind: 'figure'; readonly figure: Figure };

/** A report before it has a format. */
export interface Document {
  readonly title: string;
  /** One line under the title. */
  readonly subtitle: string;
  readonly blocks: readonly Block[];
}
