/**
 * A file → records. Here everything is settled that holds for the whole file, before anything is written:
 * rights, encoding, which column fills which field, how dates and decimals are read.
 */
import type { FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { forbidden, issue, refusal } from '../../core/errors/problem.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { accessOf, type Access } from '../access/access.ts';
import { conflict, findUnfinished, getBatch, keptOf, settleBatch, startBatch } from '../batches/batches.ts';
import { runBatch } from '../batches/run-batch.ts';
import { readableObject } from '../read/select.ts';
import { bornWith } from '../write/prepare.ts';
import { atBeginning, type ImportPosition } from './import-progress.ts';
import { listProblems, resultOf, type LeftValue, type RefusedRow } from './import-result.ts';
import { firstChunk, runImport } from './import-run.ts';
import type { ColumnMap } from './column-map.ts';
import { mapColumns } from './map-columns.ts';
import type { MappingFile } from './mapping-file.ts';
import { columnsOf, isProblemsFile, mendedFile, type Before } from './mended-file.ts';
import { openTable } from './open-table.ts';
import type { HeaderAsked, TableFile } from './table-file.ts';
import type { StoredColumn } from './problems-file.ts';
import { delimiterNames } from './sniff-dialect.ts';
import { keptSource, sourceOnDisk, withSource, type KeepableFile, type SourceFile } from './source-file.ts';
import { survey, type Survey } from './survey.ts';

/** What an import keeps, to go on with the same. */
export type ImportOptions = {
  object: string;
  mapping?: MappingFile;
  /** Field, or `id`, by which existing records are found and updated. */
  key?: string;
  /** A value that cannot be taken refuses its row even where the field is optional. */
  strict?: boolean;
  /** New records may stand in any stage with their own dates; what is unmet becomes gaps. Needs `imports.history`. */
  history?: boolean;
  encoding?: string;
  delimiter?: string;
  /** Line that names the columns, or `none`; before what the mapping says. */
  header?: HeaderAsked;
  /** Of a workbook; default: the first sheet that is shown and holds rows. */
  sheet?: string;
  /** Objects whose records come with other files, after this one: links to them wait. */
  awaits?: string[];
};

export type ImportWatch = {
  onStart?(plan: ImportPlan): void;
  onProgress?(progress: ImportProgress): void;
  /** Stops between two chunks; what is written stays, under the batch, which can go on. */
  signal?: AbortSignal;
  /** Pauses at the end of the file if something of it waits; without it, that is settled then. */
  hold?: boolean;
};

export type ImportInput = ImportOptions &
  ImportWatch & {
    /** File on this machine's disk; read three times at most. */
    path: string;
    /** As people call it. */
    fileName: string;
    /** The file is moved into the file store, so that any app process can go on. */
    keep?: KeepableFile;
    /** Everything is tried and rolled back; no batch is made. */
    dryRun?: boolean;
    /** Begin once more, though the same file was begun and not ended. */
    anew?: boolean;
  };

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

/** `rows`: how many of the total are settled. */
export type ImportProgress = { total: number; rows: number; done: number; refused: number };

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
  /** Before the end of the file, by a signal or because somebody asked for a pause. */
  stopped: boolean;
  /** At its end, for other files that it awaits. */
  held?: boolean;
};

/** A file that is opened and fits. */
export type OpenImport = {
  object: ObjectModel;
  file: TableFile;
  map: ColumnMap & { mended?: number };
  before: Before;
};

/** With the batch. */
type Setup = { file: SourceFile; options: ImportOptions; header: StoredColumn[]; found?: StoredSurvey };
type StoredSurvey = Omit<Survey, 'filled'> & { filled: number[] };

/**
 * Imports a file. Throws a Problem, before anything is written, for a right that is missing, a file that is
 * no table, an encoding that is unclear, a mapping that fits nothing, and a file that was begun and not ended.
 */
export async function importFile(context: Context, input: ImportInput): Promise<ImportResult> {
  const opened = await openImport(context, input.path, input);
  if (!input.dryRun) {
    const batch = await begin(context, input, opened);
    return goOn(context, { batch, ...watchOf(input) }, input.keep ? undefined : opened);
  }
  const found = await surveyOf(context, opened, input);
  const plan = planOf(opened.file, opened.map, found, input);
  input.onStart?.(plan);
  const listed = listProblems();
  const { count } = await runImport(innerOf(context), {
    ...opened,
    options: input,
    found,
    plan,
    watch: input,
    from: atBeginning(),
    onProblems: listed.add,
  });
  return resultOf(plan, count, listed, input.signal?.aborted ?? false);
}

/**
 * The same checks and a batch, whose rows `continueImport` loads in the background. `later` puts it in line for
 * that, in the transaction that makes the batch.
 */
export const beginImport = async (
  context: Context,
  input: ImportInput & { keep: KeepableFile },
  later: (on: Queryable, batch: string) => Promise<void>,
): Promise<string> => begin(context, input, await openImport(context, input.path, input), later);

export type ContinueInput = ImportWatch & {
  batch: string;
  /** Where the file is by now, where that is not where it was. */
  path?: string;
};

/**
 * Goes on with an import exactly where it stands. Throws 404 for a batch that the caller may not see, 409 for one
 * that another process runs, that has ended, or whose file is gone or another by now.
 */
export const continueImport = (context: Context, input: ContinueInput): Promise<ImportResult> =>
  goOn(context, input, undefined);

async function begin(
  context: Context,
  input: ImportInput,
  { object, file }: OpenImport,
  later?: (on: Queryable, batch: string) => Promise<void>,
): Promise<string> {
  const sha256 = input.keep?.sha256;
  const onDisk = sha256 === undefined ? await sourceOnDisk(input.path, input.fileName) : undefined;
  if (!input.anew) await refuseUnfinished(context, { object: object.key, sha256: sha256 ?? onDisk!.sha256 });
  const source = onDisk ?? (await keptSource(context, input.keep!));
  const setup: Setup = { file: source, options: optionsOf(input), header: columnsOf(file) };
  const batch = {
    kind: 'import' as const,
    object: object.key,
    background: later !== undefined,
    setup,
    details: { file: source.name, strict: input.strict ?? false, history: input.history ?? false },
  };
  return inTransaction(context.pool, async (on) => {
    const id = await startBatch(context, batch, on);
    await later?.(on, id);
    return id;
  });
}

async function refuseUnfinished(context: Context, input: { object: string; sha256: string }): Promise<void> {
  const batch = await findUnfinished(context, input);
  if (!batch) return;
  const params = {
    file: String(batch.details['file']),
    reached: batch.reached,
    total: batch.total,
    id: batch.id,
  };
  throw refusal(
    409,
    'unfinished_import',
    [
      issue(
        'file',
        'unfinished_import',
        'An import of this file stopped at row {reached} of {total}: batch {id}.',
        'Let it go on (import resume {id}, or POST /api/v1/batches/{id}/resume), undo it, or begin once more with “anew”.',
        params,
      ),
    ],
    { extra: { batch: batch.id } },
  );
}

export async function openImport(
  context: Context,
  path: string,
  options: ImportOptions,
): Promise<OpenImport> {
  const access = accessOf(context);
  if (!context.may('imports.run')) throw forbidden('import files');
  if (options.history && !context.may('imports.history')) throw forbidden('import history');
  const object = readableObject(context, access, options.object);
  if (!access.may('import', object.key)) throw forbidden(`import ${object.label.many.toLowerCase()}`);
  const { file, mended, before } = await mendedFile(context, await openGiven(path, options));
  const map = mapColumns({
    catalog: context.catalog,
    object,
    header: file.header,
    writable: (field) => mayFill(access, field, options.history ?? false),
    mapping: options.mapping,
    key: options.key,
  });
  return { object, file, map: { ...map, mended }, before };
}

/** Whether an import may fill the field. */
export const mayFill = (access: Access, field: FieldModel, history: boolean): boolean =>
  (!field.maintained && access.field(field.object, field.key) === 'edit') || (history && bornWith(field));

const surveyOf = (
  context: Context,
  { file, map, before }: OpenImport,
  { mapping }: ImportOptions,
): Promise<Survey> =>
  survey(file, map, {
    dateOrder: mapping?.date_order ?? before.dateOrder,
    decimal: mapping?.decimal ?? before.decimal,
    country: context.workspace.country,
  });

async function goOn(
  context: Context,
  input: ContinueInput,
  fresh: OpenImport | undefined,
): Promise<ImportResult> {
  const batch = await getBatch(context, input.batch);
  const setup = (await keptOf(context, batch.id)).setup as Setup | null;
  if (batch.kind !== 'import' || setup === null || batch.state === 'done' || batch.state === 'undone') {
    throw conflict(
      'already_ended',
      'This batch has ended, nothing is left to do.',
      'Start a new one if you need to.',
    );
  }
  const { options } = setup;
  const inner = innerOf(context);
  const { signal } = input;
  return withSource(context, setup.file, input.path, async (path) => {
    const opened = fresh ?? (await openImport(context, path, options));
    return runBatch(inner, { batch: batch.id, signal, background: batch.background }, async (run) => {
      const found = setup.found ? surveyFrom(setup.found) : await surveyOf(context, opened, options);
      const plan = { ...planOf(opened.file, opened.map, found, options), batch: batch.id };
      if (!setup.found) await keepPlan(inner, batch.id, opened, found, plan);
      input.onStart?.(plan);
      // Not before the batch is ours: until then somebody else may have moved it on.
      const { done, refused } = await getBatch(context, batch.id);
      const position = (await keptOf(context, batch.id)).position as ImportPosition | null;
      const listed = listProblems();
      if (position) await listed.before(context, batch.id);
      const from = { ...atBeginning(), ...position, done, refused };
      const { count, held } = await runImport(inner, {
        ...opened,
        options,
        found,
        plan,
        run,
        watch: input,
        from,
        onProblems: listed.add,
      });
      return {
        ...resultOf(plan, count, listed, !held && run.stops() !== undefined),
        ...(held ? { held } : {}),
      };
    });
  });
}

/** Each chunk is a write of its own; the key of the request belongs to none of them. */
const innerOf = (context: Context): Context => ({ ...context, channel: 'import', idempotency: undefined });

const watchOf = ({ onStart, onProgress, signal, hold }: ImportWatch): ImportWatch => ({
  onStart,
  onProgress,
  signal,
  hold,
});

export const optionsOf = ({
  object,
  mapping,
  key,
  strict,
  history,
  encoding,
  delimiter,
  header,
  sheet,
  awaits,
}: ImportOptions): ImportOptions => ({
  object,
  mapping,
  key,
  strict,
  history,
  encoding,
  delimiter,
  header,
  sheet,
  awaits,
});

/** A problems file names its columns in its first line, whatever the file that it comes from did. */
async function openGiven(
  path: string,
  { encoding, delimiter, sheet, ...options }: ImportOptions,
): Promise<TableFile> {
  const header = options.header ?? options.mapping?.header;
  if (header !== undefined) {
    const file = await openTable(path, { encoding, delimiter });
    if (isProblemsFile(file)) return file;
  }
  return openTable(path, { encoding, delimiter, header, sheet, decimal: options.mapping?.decimal });
}

const surveyFrom = (found: StoredSurvey): Survey => ({ ...found, filled: new Set(found.filled) });

/** What was decided for the whole file holds to its end, whoever goes on. */
const keepPlan = (
  context: Context,
  batch: string,
  { map }: OpenImport,
  found: Survey,
  plan: ImportPlan,
): Promise<void> =>
  settleBatch(context, batch, {
    total: plan.total,
    setup: { found: { ...found, filled: [...found.filled] } satisfies StoredSurvey },
    details: {
      columns: Object.fromEntries(plan.columns.map(({ header, field }) => [header, field])),
      skipped_columns: plan.skipped_columns.map(({ header }) => header),
      encoding: plan.encoding,
      delimiter: plan.delimiter,
      ...(map.key ? { key: map.key.key } : map.id ? { key: 'id' } : {}),
      ...found.text,
    },
  });

function planOf(
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
