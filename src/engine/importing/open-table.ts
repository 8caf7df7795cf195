/** A file of a stranger, told by what it begins with and not by what it is called. */
import { open } from 'node:fs/promises';
import { issue, refusal } from '../../core/errors/problem.ts';
import { openCsv, type CsvGiven } from './read-csv.ts';
import type { TableFile } from './table-file.ts';
import { openXlsx, sheetsWithRows, type XlsxGiven } from './xlsx/read-xlsx.ts';

/** Throws a problem for what is neither a workbook nor text in columns. */
export async function openTable(path: string, given: CsvGiven & XlsxGiven): Promise<TableFile> {
  if (await isZip(path)) return openXlsx(path, given);
  if (given.sheet !== undefined) {
    throw refusal(422, 'no_sheets', [
      issue('sheet', 'no_sheets', 'The file is text and has no sheets.', 'Leave the sheet out.'),
    ]);
  }
  return openCsv(path, given);
}

/** Names of the sheets that are shown and hold rows; none for text. */
export const sheetsOf = async (path: string): Promise<string[]> =>
  (await isZip(path)) ? sheetsWithRows(path) : [];

async function isZip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const head = Buffer.alloc(4);
    await file.read(head, 0, 4, 0);
    return ['504b0304', '504b0506', '504b0708'].includes(head.toString('hex'));
  } finally {
    await file.close();
  }
}
