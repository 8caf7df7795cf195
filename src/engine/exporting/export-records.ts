/**
 * Records as a file: the same path as a list (scope, filter, search, sort, fields that one may see), all of it at
 * one moment, handed out as fast as the caller takes it. What may leave is the right `export`; that it left is
 * kept in the log.
 */
import { Readable } from 'node:stream';
import type { Context } from '../../core/context/context.ts';
import { forbidden, invalid, issue, refusal } from '../../core/errors/problem.ts';
import type { FileCell } from '../../core/kinds/field-type.ts';
import { and } from '../../core/sql/sql.ts';
import { accessOf } from '../access/access.ts';
import { readableObject, selection } from '../read/select.ts';
import { parseSort } from '../read/sort.ts';
import { readCondition, type Filter } from '../read/where.ts';
import { csvFile } from './csv-file.ts';
import {
  beginExport,
  endExport,
  noteExport,
  runningExports,
  type ExportEnd,
  type ExportFormat,
} from './export-log.ts';
import { fileColumns } from './file-columns.ts';
import { readMoment } from './read-moment.ts';
import { xlsxFile } from './xlsx-file.ts';

export type ExportInput = Filter & {
  object: string;
  /** Field keys, in the order of the columns; default all that one may see. */
  fields?: readonly string[];
  sort?: string;
  format?: ExportFormat;
  reason?: string;
  /** CSV alone: begin with the mark by which old spreadsheets know UTF-8. */
  bom?: boolean;
};

export type ExportFile = {
  /** Its line in the log. */
  id: string;
  name: string;
  mime: string;
  body: Readable;
  /** Resolves when its last word stands in the log. */
  ended: Promise<void>;
  /** Records handed out so far. */
  count(): number;
};

const noteMs = 5_000;
const mostAtOnce = 3;
const mimes: Record<ExportFormat, string> = {
  csv: 'text/csv; charset=utf-8',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
};

/** Refuses before anything leaves; what fails later breaks the body off. `context.signal` stops it. */
export async function exportRecords(context: Context, input: ExportInput): Promise<ExportFile> {
  const access = accessOf(context);
  const object = readableObject(context, access, input.object);
  if (!access.may('export', object.key)) throw forbidden(`export ${object.label.many.toLowerCase()}`);
  const reason = reasonOf(context, input.reason);
  const format = input.format ?? 'csv';
  const selected = selection(context, access, object, 't', input.fields);
  const sort = parseSort(context, access, object, 't', input.sort);
  const where = and([
    readCondition(context, access, object, 't', input),
    ...(access.all('export', object.key) ? [] : [access.scope('export', object.key, 't')]),
  ]);
  // A read always knows the id; whoever did not ask for it does not get it.
  const fields = selected.fields.filter(({ key }) => !input.fields || input.fields.includes(key));
  const columns = fileColumns(fields, context.catalog);
  if ((await runningExports(context)) >= mostAtOnce) throw tooMany();

  const pages = readMoment(context, {
    object,
    columns: selected.columns,
    where,
    sort,
    signal: context.signal,
  });
  // The first page is read before anything is promised: what the database refuses is still an answer.
  const { where: asked, q, archived } = input;
  const question = { where: asked, q, archived, sort: input.sort, fields: fields.map(({ key }) => key) };
  const id = await beginExport(context, { object: object.key, format, reason, question });
  let count = 0;
  const first = await pages.next().catch(async (error: unknown) => {
    await endExport(context.pool, id, context.signal?.aborted ? 'stopped' : 'failed', 0);
    throw error;
  });

  async function* cells(): AsyncGenerator<FileCell[][]> {
    let noted = Date.now();
    for (let page = first; !page.done; page = await pages.next()) {
      count += page.value.length;
      yield page.value.map((row) => columns.cells(selected.record(row)));
      if (Date.now() - noted < noteMs) continue;
      noted = Date.now();
      await noteExport(context.pool, id, count);
    }
  }
  const file =
    format === 'csv'
      ? csvFile(columns.header, cells(), input.bom ?? false)
      : xlsxFile(object.label.many, columns.header, cells());
  /** Its end stands in the log before its caller knows of it. */
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* file;
    await endExport(context.pool, id, 'done', count);
  }
  const body = Readable.from(whole(), { objectMode: false, highWaterMark: 64 * 1024 });
  const ended = new Promise<void>((resolve) => {
    body.once('close', () => {
      const stopped = context.signal?.aborted ?? false;
      const end: ExportEnd = body.readableEnded ? 'done' : body.errored && !stopped ? 'failed' : 'stopped';
      // A body that nobody began to read has not begun to read either, and would keep its session.
      pages
        .return(undefined)
        .catch(() => {})
        .then(() => endExport(context.pool, id, end, count))
        .catch((error: unknown) => context.log.error({ err: error }, 'the end of an export was not kept'))
        .finally(resolve);
    });
  });
  const day = (context.now ?? new Date()).toISOString().slice(0, 10);
  return {
    id,
    name: `${object.key} ${day}.${format}`,
    mime: mimes[format],
    body,
    ended,
    count: () => count,
  };
}

/** Somebody whose role asks for it says what it is for; nobody says nothing. */
function reasonOf(context: Context, given: string | undefined): string | null {
  const { catalog, principal } = context;
  const asks = principal.roles.some((key) => catalog.roles.get(key)?.export_reason === 'required');
  const reason = given?.trim() ?? '';
  if (reason !== '') return reason;
  if (!asks && given === undefined) return null;
  throw invalid([
    issue('reason', 'reason_missing', 'It is not said what this export is for.', {
      say: 'Send one sentence as “reason”; it is kept with the export.',
      set: ['reason'],
    }),
  ]);
}

const tooMany = () =>
  refusal(
    429,
    'too_many_exports',
    [
      issue(
        '',
        'too_many_exports',
        '{most} of your exports are under way already.',
        'Wait until one of them is done.',
        { most: mostAtOnce },
      ),
    ],
    { extra: { retry_after: 30 } },
  );
