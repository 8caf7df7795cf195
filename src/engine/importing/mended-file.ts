/** A problems file that comes back mended: its own columns are set apart. */
import type { Context } from '../../core/context/context.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { getBatch } from '../batches/batches.ts';
import { problemColumns, type StoredColumn } from './problems-file.ts';
import type { TableColumn, TableFile } from './table-file.ts';
import type { DateOrder } from './survey.ts';

/** What was decided for the whole file before: a few rows of it may not tell any more. */
export type Before = { dateOrder?: DateOrder; decimal?: '.' | ',' };

const ours = new Set<string>(Object.values(problemColumns));

export const isProblemsFile = (file: TableFile): boolean =>
  file.header.some((column) => column.name === problemColumns.batch);

/** Any other file comes back as it is. `mended` is the column with the ids of records that are loaded. */
export async function mendedFile(
  context: Context,
  file: TableFile,
): Promise<{ file: TableFile; mended?: number; before: Before }> {
  const named = (name: string): number => file.header.findIndex((column) => column.name === name);
  const batch = named(problemColumns.batch);
  if (batch < 0) return { file, before: {} };
  const mended = named(problemColumns.id);
  return {
    file: {
      ...file,
      header: file.header.map((column) => (ours.has(column.name) ? { ...column, renamed: 'ours' } : column)),
    },
    ...(mended < 0 ? {} : { mended }),
    before: await decidedBefore(context, file, batch),
  };
}

async function decidedBefore(context: Context, file: TableFile, column: number): Promise<Before> {
  for await (const piece of file.rows()) {
    const [first] = piece.rows;
    if (!first) continue;
    try {
      const { dateOrder, decimal } = (await getBatch(context, first.cells[column] ?? '')).details as Before;
      return { dateOrder, decimal };
    } catch (error) {
      if (!isProblem(error)) throw error;
      return {}; // somebody else's
    }
  }
  return {};
}

/** The columns of the file as it came first, without ours. */
export const columnsOf = (file: TableFile): StoredColumn[] =>
  file.header.flatMap((column, at) =>
    column.renamed === 'ours' ? [] : [{ name: column.name, inFile: asInFile(column), at }],
  );

const asInFile = ({ name, renamed }: TableColumn): string =>
  renamed === 'empty' ? '' : renamed === 'repeated' ? name.replace(/ \(\d+\)$/, '') : name;
