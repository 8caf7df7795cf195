/** Rows → CSV as RFC 4180 has it: commas, CRLF, UTF-8; what a spreadsheet would run as a formula is made text. */
import type { FileCell } from '../../core/kinds/field-type.ts';
import { neutralise } from '../../core/spreadsheet/formula-cells.ts';
import { numberText } from './file-columns.ts';

/** `bom`: the mark by which old spreadsheets know UTF-8. */
export async function* csvFile(
  header: readonly string[],
  pages: AsyncIterable<readonly FileCell[][]>,
  bom: boolean,
): AsyncGenerator<Buffer> {
  yield Buffer.from(`${bom ? '\ufeff' : ''}${line(header)}`);
  for await (const page of pages) yield Buffer.from(page.map(line).join(''));
}

const line = (cells: readonly FileCell[]): string => `${cells.map(cellText).join(',')}\r\n`;

function cellText(cell: FileCell): string {
  if (cell === null) return '';
  if (typeof cell === 'number') return numberText(String(cell));
  if (typeof cell === 'object') return numberText(cell.decimal);
  const text = neutralise(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
