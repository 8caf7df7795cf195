/** Files → records, under one batch that can be undone. */
import { z } from 'zod';
import { invalid, issue } from '../core/errors/problem.ts';
import { onceByKey } from '../engine/write/idempotency.ts';
import { beginImport, importFile } from '../engine/importing/import-file.ts';
import { draftAnswer } from '../engine/importing/draft/draft-answer.ts';
import { draftMapping } from '../engine/importing/draft/draft-mapping.ts';
import { asMapped, parseMapping } from '../engine/importing/mapping-file.ts';
import { goOnLater } from './batches.ts';
import { defineOperation, type Upload } from './operation.ts';

/** In a form everything is text. */
const YesNo = z
  .enum(['true', 'false', '1', '0', ''])
  .optional()
  .transform((text) => text === 'true' || text === '1');

/** In a form what is left empty is not said. */
const said = (most: number, description?: string) =>
  z
    .string()
    .max(most)
    .optional()
    .transform((text) => (text === '' ? undefined : text))
    .meta(description === undefined ? {} : { description });

/** What says how a file is read. */
const readAs = {
  encoding: said(40),
  delimiter: said(20),
  header: z
    .string()
    .regex(/^([1-9]\d{0,3}|none|)$/, 'Use the number of a line, or “none”.')
    .optional()
    .transform((text) =>
      text === undefined || text === '' ? undefined : text === 'none' ? ('none' as const) : Number(text),
    )
    .meta({ description: 'Line that names the columns, or `none`' }),
  sheet: said(100, 'Sheet of a workbook; default: the first that is shown and holds rows'),
};

const File = z.custom<Upload>(
  (value) => typeof value === 'object' && value !== null,
  'Send the file in a part named “file”.',
);

export const importOperations = [
  defineOperation({
    name: 'imports.run',
    summary: 'Import a CSV file or a sheet of an .xlsx workbook',
    description:
      'Columns map by field key, label and synonym, or as the mapping says. Every row is loaded or refused with its ' +
      'line and reason; a value that an optional field cannot take is left empty and listed. `row` counts data rows ' +
      'from 1. Up to 1,000 refusals are listed here; all are at `/api/v1/batches/{id}/problems`. With `background` the ' +
      'answer is the batch at once, to be watched at `/api/v1/batches/{id}/progress`. At most 4 GB, or what the server ' +
      'says in IMPORT_MAX_BYTES.',
    input: z.strictObject({
      file: File,
      object: said(60, 'Key of the object whose records the rows are; default: as the mapping says'),
      mapping: said(1024 * 1024, 'A mapping file, as YAML or JSON text'),
      key: said(60, 'Field by which existing records are found and updated'),
      strict: YesNo.meta({ description: 'A bad value refuses its row even where the field is optional' }),
      history: YesNo.meta({
        description:
          'New records may stand in any stage with their own dates, and what is missing is kept as gaps. Needs imports.history',
      }),
      dry_run: YesNo.meta({ description: 'Try everything, store nothing' }),
      background: YesNo.meta({ description: 'Answer at once with the batch, and load the rows meanwhile' }),
      anew: YesNo.meta({
        description: 'Begin once more, though an import of the same file stopped and could go on',
      }),
      ...readAs,
    }),
    http: {
      method: 'POST',
      path: '/api/v1/imports',
      multipart: 'import',
      idempotent: true,
      later: ({ background }) => background,
    },
    run: (context, input) =>
      onceByKey<object>(context, async (inner) => {
        const { file } = input;
        const asked = asMapped({
          path: file.path,
          fileName: file.name,
          object: input.object,
          mapping: input.mapping === undefined ? undefined : parseMapping(input.mapping),
          key: input.key,
          strict: input.strict,
          history: input.history,
          anew: input.anew,
          encoding: input.encoding,
          delimiter: input.delimiter,
          header: input.header,
          sheet: input.sheet,
        });
        if (input.dry_run && input.background) throw dryIsNow();
        if (input.dry_run) return importFile(inner, { ...asked, dryRun: true });
        if (!input.background) return importFile(inner, { ...asked, keep: file });
        const batch = await beginImport(inner, { ...asked, keep: file }, (on, id) =>
          goOnLater(inner, on, id),
        );
        return { batch };
      }),
  }),
  defineOperation({
    name: 'imports.draft',
    summary: 'Draft a mapping for a file',
    description:
      'Looks at the file and stores nothing: what stands in each column, which field it may fill with a confidence from ' +
      '0 to 1, what values that a field does not know may mean, what somebody has to decide, and all of it as the YAML ' +
      'of a mapping file. Of a large file the first rows are looked at: `whole` is false then.',
    input: z.strictObject({
      file: File,
      object: said(60, 'Key of the object; default: as the name of the file or its columns say'),
      ...readAs,
    }),
    http: { method: 'POST', path: '/api/v1/imports/draft', multipart: 'import' },
    run: async (context, { file, ...asked }) =>
      draftAnswer(await draftMapping(context, { ...asked, path: file.path, fileName: file.name })),
  }),
];

const dryIsNow = () =>
  invalid([
    issue(
      'background',
      'dry_run_is_now',
      'A dry run makes no batch that could be watched.',
      'Leave out “background”, or run it for real.',
    ),
  ]);
