/**
 * What an import could not take, as a file like the one it came from: mended, it is fed again with the same mapping.
 * A refused row stands there as it was. A record that was loaded without a value stands there by its id with that
 * value alone, so that it is completed and not made twice. Further columns say what is wrong; the import passes
 * them over.
 */
import { Readable } from 'node:stream';
import type { Context } from '../../core/context/context.ts';
import { neutralise } from '../../core/spreadsheet/formula-cells.ts';
import { conflict, getBatch, keptOf } from '../batches/batches.ts';
import { eachBatchProblem, type StoredProblem } from '../batches/problems.ts';
import { csvLine } from './row-change.ts';
import { delimiterOf } from './sniff-dialect.ts';
import { csvTokenizer } from './tokenize-csv.ts';

/** Columns behind those of the file. */
export const problemColumns = {
  batch: 'groundwork batch',
  id: 'groundwork id',
  line: 'groundwork line',
  field: 'groundwork field',
  reason: 'groundwork reason',
  fix: 'groundwork fix',
} as const;

/** `name` tells columns apart, `inFile` is what the file calls it, `at` where it stands there. */
export type StoredColumn = { name: string; inFile: string; at: number };

type Shape = { columns: readonly StoredColumn[]; delimiter: string; columnOf: ReadonlyMap<string, number> };

/** The file, written as it is read. Throws 404 for a batch that the caller may not see, 409 for one of another kind. */
export async function problemsFile(
  context: Context,
  id: string,
): Promise<{ name: string; mime: string; body: Readable }> {
  const batch = await getBatch(context, id);
  const setup = (await keptOf(context, id)).setup as { header?: StoredColumn[] } | null;
  if (batch.kind !== 'import' || !setup?.header) {
    throw conflict(
      'no_file',
      'This batch came from no file.',
      'Read its problems as a list: GET /api/v1/batches/{id}/problems.',
    );
  }
  const mapped = Object.entries((batch.details['columns'] ?? {}) as Record<string, string>);
  const names = setup.header.map((column) => column.name);
  const shape: Shape = {
    columns: setup.header,
    delimiter: delimiterOf(String(batch.details['delimiter'] ?? ',')),
    columnOf: new Map(
      mapped.flatMap(([name, fields]) =>
        fields.split(' + ').map((field) => [field.split('.')[0]!, names.indexOf(name)] as const),
      ),
    ),
  };
  const name = `${String(batch.details['file']).replace(/\.\w+$/, '')} problems.csv`;
  return { name, mime: 'text/csv; charset=utf-8', body: Readable.from(lines(context, id, shape)) };
}

/** The mark in front lets spreadsheets read it as UTF-8. */
async function* lines(context: Context, batch: string, shape: Shape): AsyncGenerator<string> {
  const line = (cells: readonly string[]): string => `${csvLine(cells.map(neutralise), shape.delimiter)}\r\n`;
  yield `\ufeff${line([...shape.columns.map(({ inFile }) => inFile), ...Object.values(problemColumns)])}`;
  for await (const page of eachBatchProblem(context, batch)) {
    const text = page.flatMap((problem) => {
      const cells = cellsOf(problem, shape);
      return cells ? [line([...cells, ...said(batch, problem)])] : [];
    });
    if (text.length > 0) yield text.join('');
  }
}

/** Refusals of rows whose cells could not be told apart: such a row stands whole in the first cell. */
const untold = new Set(['too_many_cells', 'damaged_text']);

/** Nothing for what is only to be looked at, and belongs to no record. */
function cellsOf(problem: StoredProblem, { columns, delimiter, columnOf }: Shape): string[] | undefined {
  if (problem.refused) {
    const cells = untold.has(problem.code ?? '') ? undefined : cellsIn(problem.raw ?? '', delimiter);
    return columns.map(({ at }, index) => (cells ? (cells[at] ?? '') : index === 0 ? problem.raw! : ''));
  }
  if (problem.record === null) return undefined;
  const at = problem.field === null ? undefined : columnOf.get(problem.field);
  return columns.map((_, index) => (index === at ? (problem.raw ?? '') : ''));
}

function cellsIn(raw: string, delimiter: string): string[] | undefined {
  const tokens = csvTokenizer({ delimiter, newline: '\n' });
  const records = [...tokens.push(raw), ...tokens.end()];
  return records.length === 1 && !records[0]!.flaw ? records[0]!.cells : undefined;
}

function said(batch: string, problem: StoredProblem): string[] {
  const errors = problem.errors as (StoredProblem['errors'][number] & { line?: number })[];
  const all = (of: (error: (typeof errors)[number]) => string): string =>
    [...new Set(errors.map(of).filter(Boolean))].join(' ');
  const fields = problem.field === null ? errors.map(({ path }) => path) : [problem.field];
  return [
    batch,
    problem.refused ? '' : (problem.record ?? ''),
    String(errors[0]?.line ?? ''),
    [...new Set(fields.filter(Boolean))].join(', '),
    all(({ message }) => message),
    all(({ fix }) => fix.say),
  ];
}
