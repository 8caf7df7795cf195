/** What a caller can do with records of any object: list, read, create, change, move, archive, bring back. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { parseJson } from '../core/json/parse-json.ts';
import { invalid, isProblem, issue } from '../core/errors/problem.ts';
import { history } from '../engine/events/history.ts';
import { get } from '../engine/read/get.ts';
import { list } from '../engine/read/list.ts';
import { search } from '../engine/read/search.ts';
import { summarise } from '../engine/read/summarise.ts';
import { writeAnswering, type Change } from '../engine/write/write.ts';
import { defineOperation, type HttpRequest } from './operation.ts';
import { bodyObject, versionOf } from './record-request.ts';

const ObjectKey = z.string().min(1).max(60).meta({ description: 'Key of the object: its plural' });
const Id = z.string().max(60);
const Values = z.record(z.string(), z.unknown());

const Filter = {
  where: z.unknown().optional().meta({ description: 'A condition' }),
  q: z.string().max(400).optional().meta({ description: 'Words to find in the search fields' }),
  archived: z.enum(['include', 'only']).optional(),
};
const ListInput = z.strictObject({
  object: ObjectKey,
  ...Filter,
  sort: z
    .string()
    .max(300)
    .optional()
    .meta({ description: 'Field keys by comma, `-` before one for descending; default `-id`, newest first' }),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  cursor: z.string().max(4000).optional(),
  fields: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(',').map((key) => key.trim()))])
    .optional()
    .meta({ description: 'Field keys to answer; default all that you may see' }),
  count: z.literal('exact').optional(),
});

/** `where` of a query string is JSON text. */
function queryInput({ params, query }: HttpRequest): unknown {
  const { where, ...rest } = query;
  if (where === undefined) return { ...rest, ...params };
  return { ...rest, where: parseJson(String(where), 'where'), ...params };
}

/** Writes one change and answers the record as it then stands, both in one transaction. */
async function writeOne(context: Context, object: string, change: Change, status: number): Promise<unknown> {
  const { outcomes, answer } = await writeAnswering(context, {
    changes: [change],
    mode: 'all',
    async respond(on, [outcome], current) {
      const id = outcome?.ok ? outcome.id : '';
      return { status, body: await readBack(current, object, id, on) };
    },
  });
  return answer?.body ?? outcomes;
}

/** The record, or its id alone where its maker may not read it. */
async function readBack(
  context: Context,
  object: string,
  id: string,
  on: Parameters<typeof get>[2],
): Promise<unknown> {
  try {
    return await get(context, { object, id, archived: 'include' }, on);
  } catch (error) {
    if (isProblem(error) && error.body.status === 404) return { id };
    throw error;
  }
}

const one = '/api/v1/{object}/{id}';

export const recordOperations = [
  defineOperation({
    name: 'records.list',
    summary: 'List records',
    description:
      'A page of records under a filter, a text search and a sort, with a cursor for the next page.',
    input: ListInput,
    http: {
      record: { needs: 'read', answer: 'list' },
      method: 'GET',
      path: '/api/v1/{object}',
      input: queryInput,
    },
    run: (context, input) => list(context, input),
  }),
  defineOperation({
    name: 'records.query',
    summary: 'List records, parameters in the body',
    description: 'The parameters of the list as a JSON body, for conditions too long for an address.',
    input: ListInput,
    http: {
      record: { needs: 'read', answer: 'list' },
      method: 'POST',
      path: '/api/v1/{object}/query',
      reads: true,
      status: 200,
      input: ({ params, query, body }) => ({ ...query, ...bodyObject(body), ...params }),
    },
    run: (context, input) => list(context, input),
  }),
  defineOperation({
    name: 'records.summarise',
    summary: 'Count and sum records by group',
    input: z.strictObject({
      object: ObjectKey,
      ...Filter,
      by: z.array(z.string()).max(3).optional(),
      measures: z
        .array(
          z.union([
            z.strictObject({ fn: z.literal('count') }),
            z.strictObject({ fn: z.enum(['sum', 'avg', 'min', 'max']), field: z.string() }),
          ]),
        )
        .max(10)
        .optional(),
    }),
    http: {
      record: { needs: 'read' },
      method: 'POST',
      path: '/api/v1/{object}/summary',
      reads: true,
      status: 200,
      input: ({ params, query, body }) => ({ ...query, ...bodyObject(body), ...params }),
    },
    run: (context, input) => summarise(context, input),
  }),
  defineOperation({
    name: 'records.create',
    summary: 'Create a record',
    input: z.strictObject({ object: ObjectKey, values: Values, duplicates: z.literal('allow').optional() }),
    http: {
      record: { needs: 'create', body: 'create', answer: 'record' },
      query: ['duplicates'],
      method: 'POST',
      path: '/api/v1/{object}',
      status: 201,
      idempotent: true,
      input: ({ params, query, body }) => ({ ...query, ...params, values: bodyObject(body) }),
    },
    run: (context, { object, values, duplicates }) =>
      writeOne(
        context,
        object,
        { create: object, set: values, allowDuplicates: duplicates === 'allow' },
        201,
      ),
  }),
  defineOperation({
    name: 'records.get',
    summary: 'Read a record',
    input: z.strictObject({
      object: ObjectKey,
      id: Id,
      fields: ListInput.shape.fields,
      archived: z.literal('include').optional(),
    }),
    http: { record: { needs: 'read', answer: 'record' }, method: 'GET', path: one },
    run: (context, input) => get(context, input),
  }),
  defineOperation({
    name: 'records.update',
    summary: 'Change a record',
    description:
      'Sets the fields that are sent. A change of stage is a move and asks for what the stage’s checkpoint asks.',
    input: z.strictObject({ object: ObjectKey, id: Id, values: Values, version: z.number().optional() }),
    http: {
      record: { needs: 'edit', body: 'change', answer: 'record' },
      method: 'PATCH',
      path: one,
      idempotent: true,
      input: (request) => ({
        ...request.query,
        ...request.params,
        values: bodyObject(request.body),
        version: versionOf(request),
      }),
    },
    run: (context, { object, id, values, version }) =>
      writeOne(context, object, { update: object, id, set: values, version }, 200),
  }),
  defineOperation({
    name: 'records.archive',
    summary: 'Archive a record',
    description: 'Takes it out of lists, counts and search. It can be brought back.',
    input: z.strictObject({ object: ObjectKey, id: Id, version: z.number().optional() }),
    http: {
      record: { needs: 'archive', answer: 'record' },
      method: 'DELETE',
      path: one,
      status: 200,
      idempotent: true,
      input: (request) => ({ ...request.query, ...request.params, version: versionOf(request) }),
    },
    run: (context, { object, id, version }) =>
      writeOne(context, object, { archive: object, id, version }, 200),
  }),
  defineOperation({
    name: 'records.restore',
    summary: 'Bring an archived record back',
    input: z.strictObject({ object: ObjectKey, id: Id }),
    http: {
      record: { needs: 'archive', answer: 'record' },
      method: 'POST',
      path: `${one}/restore`,
      status: 200,
      idempotent: true,
      input: ({ params, query }) => ({ ...query, ...params }),
    },
    run: (context, { object, id }) => writeOne(context, object, { restore: object, id }, 200),
  }),
  defineOperation({
    name: 'records.advance',
    summary: 'Move a record to a stage',
    description:
      'Moves it, together with everything that the checkpoint asks for: fields, an activity, a task, files. Refused as a whole, with the whole list of what is missing.',
    input: z.strictObject({
      object: ObjectKey,
      id: Id,
      to: z.string().max(60),
      set: Values.optional(),
      activity: Values.optional(),
      task: Values.optional(),
      files: z
        .array(z.union([z.string(), Values]))
        .max(50)
        .optional(),
      reason: z.string().max(2000).optional(),
      override_reason: z.string().max(2000).optional(),
      version: z.number().optional(),
    }),
    http: {
      record: { needs: 'edit', staged: true, answer: 'record' },
      method: 'POST',
      path: `${one}/advance`,
      status: 200,
      idempotent: true,
      input: (request) => ({ ...bodyObject(request.body), ...request.params, version: versionOf(request) }),
    },
    run: (context, { object, id, ...rest }) =>
      writeOne(context, object, { advance: object, id, ...rest }, 200),
  }),
  defineOperation({
    name: 'records.history',
    summary: 'What happened to a record',
    input: z.strictObject({
      object: ObjectKey,
      id: Id,
      cursor: z.string().max(20).optional(),
      limit: z.coerce.number().int().min(1).max(200).optional(),
    }),
    http: { record: { needs: 'read' }, method: 'GET', path: `${one}/history` },
    run: (context, { object, id, cursor, limit }) => {
      if (cursor !== undefined && !/^\d{1,9}$/.test(cursor)) {
        throw invalid([
          issue(
            'cursor',
            'bad_cursor',
            'This cursor does not belong to this list.',
            'Start again without a cursor.',
          ),
        ]);
      }
      return history(context, {
        object,
        id,
        limit,
        before: cursor === undefined ? undefined : Number(cursor),
      });
    },
  }),
  defineOperation({
    name: 'search',
    summary: 'Search everything by text',
    input: z.strictObject({
      q: z.string().max(400),
      objects: z
        .string()
        .transform((text) => text.split(','))
        .optional(),
      limit: z.coerce.number().int().min(1).max(50).optional(),
    }),
    http: { method: 'GET', path: '/api/v1/search' },
    run: async (context, input) => ({ data: await search(context, input) }),
  }),
];
