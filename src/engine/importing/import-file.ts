/**
 * A CSV file → records. Here everything is settled that holds for the whole file, before anything is written:
 * rights, encoding, which column fills which field, how dates and decimals are read.
 */
import type { Context } from '../../core/context/context.ts';
import { bornWith } from '../write/prepare.ts';
import { forbidden, type Issue } from '../../core/errors/problem.ts';
import { accessOf } from '../access/access.ts';
import { startBatch } from '../batches/batches.ts';
import { readableObject } from '../read/select.ts';
import { firstChunk, runImport } from './import-run.ts';
import { mapColumns, type ColumnMap } from './map-columns.ts';
import type { MappingFile } from './mapping-file.ts';
import { openCsv, type CsvFile } from './read-csv.ts';
import { delimiterNames } from './sniff-dialect.ts';
import { survey, type Survey } from './survey.ts';

export type ImportInput = {
  /** File on this machine's disk; read three times at most, never kept. */
  path: string;
  /** As people call it. */
  fileName: string;
  object: string;
  mapping?: MappingFile;
  /** Field, or `id`, by which existing records are found and updated. */
  key?: string;
  /** A value that cannot be taken refuses its row even where the field is optional. */
  strict?: boolean;
  /** New records may stand in any stage with their own dates; what is unmet becomes gaps. Needs `imports.history`. */
  history?: boolean;
  /** Everything is tried and rolled back; no batch is made. */
  dryRun?: boolean;
  encoding?: string;
  delimiter?: string;
  onStart?(plan: ImportPlan): void;
  onProgress?(progress: ImportProgress): void;
  /** Stops between two chunks; what is written stays, under the batch. */
  signal?: AbortSignal;
};

export type ImportPlan = {
  batch: string | null;
  total: number;
  encoding: string;
  delimiter: string;
  columns: { header: string; field: string; how: string }[];
  skipped_columns: { header: string; why: string }[];
  /** What was decided for the whole file, in sentences. */
  notes: string[];
};

export type ImportProgress = { total: number; rows: number; done: number; refused: number };

/** `row` counts data rows from 1; `line` is the line in the file. */
export type RefusedRow = {
  row: number;
  line: number;
  code: string;
  errors: readonly Issue[];
  candidates?: unknown;
};
/** A value left empty, or something unclear about a row that loaded. */
export type LeftValue = {
  row: number;
  line: number;
  id: string | null;
  field: string | null;
  raw: string | null;
  errors: readonly Issue[];
};

export type ImportResult = ImportPlan & {
  /** Rows loaded: created, changed, or equal already. */
  done: number;
  created: number;
  changed: number;
  unchanged: number;
  refused: RefusedRow[];
  refused_total: number;
  left: LeftValue[];
  left_total: number;
  stopped: boolean;
};

/**
 * Imports a file. Throws a Problem, before anything is written, for a right that is missing, a file that is
 * no CSV, an encoding that is unclear and a mapping that fits nothing.
 */
export async function importFile(context: Context, input: ImportInput): Promise<ImportResult> {
  const access = accessOf(context);
  if (!context.may('imports.run')) throw forbidden('import files');
  const object = readableObject(context, access, input.object);
  if (!access.may('import', object.key)) throw forbidden(`import ${object.label.many.toLowerCase()}`);
  const file = await openCsv(input.path, input);
  const map = mapColumns({
    catalog: context.catalog,
    object,
    header: file.header,
    writable: (field) =>
      (!field.maintained && access.field(object.key, field.key) === 'edit') ||
      (input.history === true && bornWith(field)),
    mapping: input.mapping,
    key: input.key,
  });
  const found = await survey(file, map, {
    dateOrder: input.mapping?.date_order,
    decimal: input.mapping?.decimal,
    country: context.workspace.country,
  });
  const plan = planOf(file, map, found, input);
  // Each chunk is a write of its own; the key of the request belongs to none of them.
  const inner: Context = { ...context, channel: 'import', idempotency: undefined };
  if (!input.dryRun) {
    plan.batch = await startBatch(inner, {
      kind: 'import',
      object: object.key,
      total: plan.total,
      details: {
        file: input.fileName,
        columns: Object.fromEntries(plan.columns.map(({ header, field }) => [header, field])),
        skipped_columns: plan.skipped_columns.map(({ header }) => header),
        encoding: plan.encoding,
        delimiter: plan.delimiter,
        strict: input.strict ?? false,
        ...(map.key ? { key: map.key.key } : map.id ? { key: 'id' } : {}),
        ...found.text,
      },
    });
  }
  input.onStart?.(plan);
  return runImport(inner, { input, object, file, map, found, plan });
}

function planOf(file: CsvFile, map: ColumnMap, found: Survey, input: ImportInput): ImportPlan {
  const notes: string[] = [];
  if (file.encoding.guessed) {
    const example = file.encoding.example ? `, which reads “${file.encoding.example}”` : '';
    notes.push(
      `The file is not UTF-8. It is taken as ${file.encoding.name}${example}; if that is wrong, name its encoding.`,
    );
  }
  const skipped = map.skipped.filter(({ header }) => {
    const at = file.header.findIndex((column) => column.name === header);
    return file.header[at]?.renamed !== 'empty' || found.filled.has(at);
  });
  if (map.id && !found.ownIds && found.rows > 0) {
    skipped.push({ header: map.id.header, why: 'its ids are those of another system' });
  }
  notes.push(...found.notes);
  if (input.dryRun && found.rows > firstChunk) {
    notes.push(
      'A dry run tries the rows in groups: doubles among rows far from each other show only in the real run.',
    );
  }
  return {
    batch: null,
    total: found.rows,
    encoding: file.encoding.name,
    delimiter: delimiterNames[file.dialect.delimiter] ?? file.dialect.delimiter,
    columns: [
      ...(map.id && found.ownIds ? [{ header: map.id.header, field: 'id', how: 'key' }] : []),
      ...map.columns.map(({ header, field, by, rest, how }) => ({
        header,
        field: [by ? `${field.key}.${by}` : field.key, ...(rest ? [rest.key] : [])].join(' + '),
        how,
      })),
    ],
    skipped_columns: skipped,
    notes,
  };
}
