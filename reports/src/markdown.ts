import { MEASURE_LABELS } from './charts/chart.js';
import type { Block, Document, Table } from './document.js';

/** A document as Markdown (GitHub's tables); charts are links to `charts/<id>.svg` beside it. */
export function markdown(document: Document): string {
  return `${[`# ${document.title}`, document.subtitle, ...document.blocks.map(block)].join('\n\n')}\n`;
}

function block(piece: Block): string {
  switch (piece.kind) {
    case 'heading':
      return `${'#'.repeat(piece.level)} ${piece.text}`;
    case 'paragraph':
      return piece.text;
    case 'list':
      return piece.items.map((item) => `- ${item}`).join('\n');
    case 'table':
      return `${measureNote(piece.table)}\n\n${markdownTable(piece.table)}`;
    case 'figure': {
      const { id, title, measure, caption } = piece.figure;
      return `![${title}](charts/${id}.svg)\n\n*${MEASURE_LABELS[measure]}.* ${caption}`;
    }
  }
}

/** A table alone, for documents that hold one. */
export function markdownTable(table: Table): string {
  const emphasized = new Set(table.emphasized ?? []);
  const lines = [
    table.columns.map((column) => column.title),
    table.columns.map((column) => (column.kind === 'number' ? '---:' : '---')),
    ...table.rows.map((row, i) => row.map((cell) => (emphasized.has(i) && cell !== '' ? `**${escapeCell(cell)}**` : escapeCell(cell)))),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function measureNote(table: Table): string {
  return `*${table.measures.map((measure) => MEASURE_LABELS[measure]).join('. ')}.*`;
}

function escapeCell(cell: string): string {
  return cell.replace(/[\\|*]/g, (c) => `\\${c}`);
}
