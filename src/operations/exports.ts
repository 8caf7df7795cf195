/** Records out of the CRM, as a file; and who took which. */
import { z } from 'zod';
import { issue, refusal } from '../core/errors/problem.ts';
import { isUuid } from '../core/identity/uuid-v7.ts';
import { listExports } from '../engine/exporting/export-log.ts';
import { exportRecords } from '../engine/exporting/export-records.ts';
import { defineOperation } from './operation.ts';

const Entry = z.object({
  id: z.string(),
  object: z.string(),
  format: z.enum(['csv', 'xlsx']),
  state: z.enum(['running', 'done', 'stopped', 'failed', 'lost']),
  actor: z.string(),
  actor_name: z.string(),
  channel: z.string(),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  count: z.number().meta({ description: 'Records that left' }),
  reason: z.string().nullable(),
  question: z.record(z.string(), z.unknown()).meta({ description: 'where, q, archived, sort, fields' }),
});

export const exportOperations = [
  defineOperation({
    name: 'exports.create',
    summary: 'Export records as a file',
    description:
      'Answers with the file, streamed. All of it is of one moment; what you may not see is not in it. A link has ' +
      'the column `<field>` with the name and `<field>.id`, money `<field>` and `<field>.currency`. In CSV a cell ' +
      'that a spreadsheet would run as a formula begins with an apostrophe, which the import takes off again.',
    input: z.strictObject({
      object: z.string().min(1).max(60),
      where: z.unknown().optional().meta({ description: 'A condition' }),
      q: z.string().max(400).optional(),
      archived: z.enum(['include', 'only']).optional(),
      sort: z.string().max(300).optional(),
      fields: z
        .array(z.string().max(60))
        .min(1)
        .max(500)
        .optional()
        .meta({ description: 'Field keys in the order of the columns; default all that you may see' }),
      format: z.enum(['csv', 'xlsx']).optional().meta({ description: 'Default csv' }),
      reason: z.string().max(2000).optional().meta({ description: 'What it is for; kept with the export' }),
      bom: z.boolean().optional().meta({ description: 'CSV begins with a byte order mark; default not' }),
    }),
    http: { method: 'POST', path: '/api/v1/exports', status: 200, download: true },
    run: (context, input) => exportRecords(context, input),
  }),
  defineOperation({
    name: 'exports.list',
    summary: 'List exports: who took what, by which filter and what for',
    description: 'Everybody’s for whoever has the permission `exports.read`, else your own; newest first.',
    input: z.strictObject({
      cursor: z.string().max(60).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    output: z.object({ data: z.array(Entry), next_cursor: z.string().nullable() }),
    http: { method: 'GET', path: '/api/v1/exports' },
    async run(context, { cursor, limit }) {
      if (cursor !== undefined && !isUuid(cursor)) {
        throw refusal(422, 'bad_cursor', [
          issue(
            'cursor',
            'bad_cursor',
            'This cursor does not belong to this list.',
            'Start again without a cursor.',
          ),
        ]);
      }
      const page = await listExports(context, { after: cursor, limit: limit ?? 50 });
      return { data: page.data, next_cursor: page.next };
    },
  }),
];
