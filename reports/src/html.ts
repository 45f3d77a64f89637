import { MEASURE_LABELS, type Measure } from './charts/chart.js';
import { escapeXml } from './charts/render-chart.js';
import type { Block, Document, Table } from './document.js';
import { PAGE_STYLE } from './html-style.js';

/** A document as one HTML file that needs nothing else: style and charts are inside it, and there is no script. */
export function html(document: Document): string {
  const headings = document.blocks.filter((block) => block.kind === 'heading' && block.level === 2);
  const contents = headings.map((block) => `<li><a href="#${anchor(textOf(block))}">${escapeXml(textOf(block))}</a></li>`);
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escapeXml(document.title)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<header><h1>${escapeXml(document.title)}</h1><p>${inline(document.subtitle)}</p></header>`,
    `<nav aria-label="Contents"><ul>${contents.join('')}</ul></nav>`,
    ...fold(document.blocks),
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Sections of the third level that hold tables only would make a page endless: they open on demand. */
function fold(blocks: readonly Block[]): string[] {
  const out: string[] = [];
  let open = false;
  const close = (): void => {
    if (open) out.push('</details>');
    open = false;
  };
  blocks.forEach((block, i) => {
    if (block.kind === 'heading' && block.level <= 3) {
      close();
      if (block.level === 3 && blocks[i + 1]?.kind !== 'figure') {
        out.push(`<details><summary>${escapeXml(block.text)}</summary>`);
        open = true;
        return;
      }
    }
    out.push(render(block));
  });
  close();
  return out;
}

function render(block: Block): string {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level} id="${anchor(block.text)}">${escapeXml(block.text)}</h${block.level}>`;
    case 'paragraph':
      return `<p>${inline(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${inline(item)}</li>`).join('')}</ul>`;
    case 'table':
      return table(block.table);
    case 'figure': {
      const { svg, measure, caption } = block.figure;
      return `<figure><div class="scroll">${svg.trim()}</div><figcaption>${tag(measure)} ${escapeXml(caption)}</figcaption></figure>`;
    }
  }
}

function table(content: Table): string {
  const emphasized = new Set(content.emphasized ?? []);
  const cell = (name: string, text: string, column: number): string =>
    `<${name}${content.columns[column]?.kind === 'number' ? ' class="number"' : ''}>${escapeXml(text)}</${name}>`;
  const head = content.columns.map((column, i) => cell('th', column.title, i)).join('');
  const rows = content.rows.map(
    (row, i) => `<tr${emphasized.has(i) ? ' class="total"' : ''}>${row.map((text, column) => cell('td', text, column)).join('')}</tr>`,
  );
  return [
    `<p class="measures">${content.measures.map(tag).join(' ')}</p>`,
    `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`,
  ].join('\n');
}

function tag(measure: Measure): string {
  return `<span class="measure ${measure.replace(' ', '-')}">${escapeXml(MEASURE_LABELS[measure])}</span>`;
}

function inline(text: string): string {
  return escapeXml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function anchor(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
}

function textOf(block: Block): string {
  return block.kind === 'heading' ? block.text : '';
}
