/** A sheet of a workbook, as a table. */
import { stat } from 'node:fs/promises';
import { issue, refusal } from '../../../core/errors/problem.ts';
import { asTable, type HeaderAsked, type TableFile } from '../table-file.ts';
import { maxCell, type CsvRecord } from '../tokenize-csv.ts';
import { sheetRows, type SheetRow } from './sheet-rows.ts';
import { openWorkbook, type SheetPart, type Workbook } from './workbook.ts';

export type XlsxGiven = {
  /** Name of the sheet; default: the first that is shown and holds rows. */
  sheet?: string;
  header?: HeaderAsked;
  /** How numbers are written, where the caller says how they are read. */
  decimal?: '.' | ',';
};

/** Throws a problem for what is no workbook, a sheet that is not there, and a sheet without header. */
export async function openXlsx(path: string, given: XlsxGiven = {}): Promise<TableFile> {
  const { size } = await stat(path);
  const book = await openWorkbook(path);
  const sheet = given.sheet === undefined ? await firstShown(book) : named(book, given.sheet);
  const others = book.sheets.filter((other) => other !== sheet);
  return asTable({
    path,
    size,
    encoding: { name: 'utf-8', guessed: false },
    delimiter: ',',
    sheet: { name: sheet.name, others: others.map(({ name }) => name) },
    asked: given.header,
    damage: false,
    ragged: true,
    notes: [],
    async *records() {
      for await (const { rows, share } of sheetRows(book, sheet, given.decimal ?? '.'))
        yield { records: rows.map(recordOf), bytes: Math.round(share * size) };
    },
  });
}

/** Names of the sheets that are shown and hold rows. */
export async function sheetsWithRows(path: string): Promise<string[]> {
  const book = await openWorkbook(path);
  const names: string[] = [];
  for (const sheet of onePerPart(book.sheets))
    if (!sheet.hidden && (await holdsRows(book, sheet))) names.push(sheet.name);
  return names;
}

function recordOf({ line, cells, large }: SheetRow): CsvRecord {
  const begins = (): string =>
    cells
      .map((cell) => cell.slice(0, 400))
      .join(' | ')
      .slice(0, 400);
  if (large) return { line, cells: [], stray: false, flaw: 'record_too_large', raw: begins() };
  if (cells.some((cell) => cell.length > maxCell))
    return { line, cells: [], stray: false, flaw: 'cell_too_large', raw: begins() };
  return { line, cells, stray: false };
}

async function firstShown(book: Workbook): Promise<SheetPart> {
  const shown = book.sheets.filter((sheet) => !sheet.hidden);
  for (const sheet of onePerPart(shown)) if (await holdsRows(book, sheet)) return sheet;
  return shown[0] ?? book.sheets[0]!;
}

/** A part that stands for many sheets is read for one. */
const onePerPart = (sheets: readonly SheetPart[]): SheetPart[] =>
  sheets.filter((sheet, at) => sheets.findIndex(({ part }) => part === sheet.part) === at);

async function holdsRows(book: Workbook, sheet: SheetPart): Promise<boolean> {
  for await (const { rows } of sheetRows(book, sheet, '.'))
    if (rows.some(({ cells }) => cells.some((cell) => cell.trim() !== ''))) return true;
  return false;
}

function named(book: Workbook, name: string): SheetPart {
  const found =
    book.sheets.find((sheet) => sheet.name === name) ??
    book.sheets.find((sheet) => sheet.name.trim().toLowerCase() === name.trim().toLowerCase());
  if (found) return found;
  throw refusal(422, 'unknown_sheet', [
    issue('sheet', 'unknown_sheet', 'There is no sheet “{name}”.', 'Choose from: {sheets}.', {
      name,
      sheets: book.sheets.map((sheet) => sheet.name).join(', '),
    }),
  ]);
}
