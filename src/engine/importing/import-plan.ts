/** What an import does with the file, as it is told before the first row: columns, what was decided, what is left out. */
import type { ColumnMap } from './column-map.ts';
import type { ImportOptions } from './import-options.ts';
import { firstChunk } from './import-run.ts';
import { delimiterNames } from './sniff-dialect.ts';
import type { Survey } from './survey.ts';
import type { TableFile } from './table-file.ts';

export type ImportPlan = {
  batch: string | null;
  total: number;
  encoding: string;
  delimiter: string;
  /** Of a workbook. */
  sheet?: string;
  columns: { header: string; field: string; how: string }[];
  skipped_columns: { header: string; why: string }[];
  /** What was decided for the whole file, in sentences. */
  notes: string[];
};

export function planOf(
  file: TableFile,
  map: ColumnMap,
  found: Survey,
  input: ImportOptions & { dryRun?: boolean },
): ImportPlan {
  const notes: string[] = [];
  if (file.encoding.guessed) {
    const example = file.encoding.example ? `, which reads “${file.encoding.example}”` : '';
    notes.push(
      `The file is not UTF-8. It is taken as ${file.encoding.name}${example}; if that is wrong, name its encoding.`,
    );
  }
  if (file.sheet && file.sheet.others.length > 0) {
    const others = file.sheet.others.map((name) => `“${name}”`).join(', ');
    notes.push(`Sheet “${file.sheet.name}” is read; ${others} are not. Name another one to read that.`);
  }
  const skipped = map.skipped.filter(({ header }) => {
    const at = file.header.findIndex((column) => column.name === header);
    const renamed = file.header[at]?.renamed;
    return renamed !== 'ours' && (renamed !== 'empty' || found.filled.has(at));
  });
  if (map.id && !map.id.old && !found.ownIds && found.rows > 0) {
    skipped.push({ header: map.id.header, why: 'its ids are those of another system' });
  }
  notes.push(...file.notes, ...found.notes);
  if (input.dryRun && found.rows > firstChunk) {
    notes.push(
      'A dry run tries the rows in groups: doubles among rows far from each other show only in the real run.',
    );
  }
  return {
    batch: null,
    total: found.rows,
    encoding: file.encoding.name,
    delimiter: delimiterNames[file.delimiter] ?? file.delimiter,
    ...(file.sheet ? { sheet: file.sheet.name } : {}),
    columns: plannedColumns(file, map, found.ownIds),
    skipped_columns: skipped,
    notes,
  };
}

/** What each column fills: several fields, or one together with other columns. */
function plannedColumns(file: TableFile, map: ColumnMap, ownIds: boolean): ImportPlan['columns'] {
  const planned = new Map<string, ImportPlan['columns'][number]>();
  const plan = (header: string, field: string, how: string): void => {
    const before = planned.get(header);
    planned.set(header, before ? { ...before, field: `${before.field} + ${field}` } : { header, field, how });
  };
  if (map.id && ownIds) plan(map.id.header, 'id', 'key');
  else if (map.id?.old) plan(map.id.header, map.id.old.key, 'likeness');
  for (const { index, field, by, rest, pieces, how } of map.columns) {
    const fills = [by ? `${field.key}.${by}` : field.key, ...(rest ? [rest.key] : [])].join(' + ');
    for (const at of pieces ?? [index]) if (typeof at === 'number') plan(file.header[at]!.name, fills, how);
  }
  return [...planned.values()];
}
