/**
 * Rows → a workbook, written as it is read: text cells are text, never formulas; numbers are numbers. What one
 * sheet cannot hold goes on in the next.
 */
import { writeXlsxStream } from 'hucre/xlsx';
import type { FileCell } from '../../core/kinds/field-type.ts';

export function xlsxFile(
  name: string,
  header: readonly string[],
  pages: AsyncIterable<readonly FileCell[][]>,
): AsyncIterable<Uint8Array> {
  async function* rows(): AsyncGenerator<(string | number | null)[]> {
    yield [...header];
    for await (const page of pages) yield* page.map((cells) => cells.map(sheetCell));
  }
  return writeXlsxStream(rows(), {
    name: name.replace(/[\\/?*[\]:]/g, ' ').slice(0, 31),
    freezePane: { rows: 1 },
  });
}

/** Characters that XML has no place for. */
const unwritable = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;
const longestText = 32_767;

/** A spreadsheet counts in doubles: what has more digits stays text. */
function sheetCell(cell: FileCell): string | number | null {
  if (typeof cell === 'string') return cell.replace(unwritable, '').slice(0, longestText);
  if (typeof cell !== 'object' || cell === null) return cell;
  return cell.decimal.replace(/\D/g, '').length <= 15 ? Number(cell.decimal) : cell.decimal;
}
