/** Turning a record into what it proved to be: a lead into an account, a contact and a deal. */
import { z } from 'zod';
import { convert, previewConversion, type ConvertInput } from '../engine/converting/convert.ts';
import type { Choice } from '../engine/converting/plan.ts';
import { defineOperation, type HttpRequest } from './operation.ts';
import { bodyObject, versionOf } from './record-request.ts';

const Values = z.record(z.string(), z.unknown());

const Part = z
  .union([
    z.literal('auto'),
    z.literal(false),
    z.strictObject({ id: z.string().max(60) }),
    z.strictObject({ create: Values }),
    z.strictObject({ set: Values }),
    Values,
  ])
  .meta({
    description:
      'By the key of a part (account, contact, deal): {id} links that record; {create: fields} makes a new one; fields, or ' +
      '{set: fields}, are those of the new one where none is known; false leaves an optional part out; default auto',
  });

const shape = {
  object: z.string().min(1).max(60).meta({ description: 'Key of the object: its plural' }),
  id: z.string().max(60),
  set: Values.optional().meta({ description: 'Fields of the record itself that its new stage asks for' }),
  activity: Values.optional(),
  task: Values.optional(),
  files: z
    .array(z.union([z.string(), Values]))
    .max(50)
    .optional(),
  reason: z.string().max(2000).optional(),
  duplicates: z.literal('allow').optional(),
  version: z.number().optional(),
};
const Input = z.object(shape).catchall(Part);
type Input = z.infer<typeof Input>;

const input = (request: HttpRequest): unknown => ({
  ...request.query,
  ...bodyObject(request.body ?? {}),
  ...request.params,
  version: versionOf(request),
});

function asked(given: Input): ConvertInput {
  const own: Record<string, unknown> = {};
  const choices: Record<string, Choice> = {};
  for (const [key, value] of Object.entries(given)) {
    if (Object.hasOwn(shape, key)) own[key] = value;
    else choices[key] = choiceOf(value);
  }
  return { ...(own as Omit<ConvertInput, 'choices'>), choices };
}

/** Plain fields are those of the new record. */
function choiceOf(value: unknown): Choice {
  if (typeof value !== 'object' || value === null) return value as Choice;
  const [key, ...more] = Object.keys(value);
  const said = more.length === 0 && key !== undefined && ['id', 'create', 'set'].includes(key);
  return said ? (value as Choice) : { set: value as Record<string, unknown> };
}

const one = '/api/v1/{object}/{id}/convert';

export const convertOperations = [
  defineOperation({
    name: 'records.convert',
    summary: 'Convert a record into what it proved to be',
    description:
      'A lead becomes an account, a contact and a deal, in one step. Who is known by exact e-mail, phone or domain is linked ' +
      'and not doubled; where several fit, the answer is 409 with the candidates. The record moves to its converted ' +
      'stage and meets that stage’s checkpoint. The batch can be undone.',
    input: Input,
    http: {
      record: { needs: 'edit', converts: true },
      query: ['duplicates'],
      method: 'POST',
      path: one,
      status: 200,
      idempotent: true,
      input,
    },
    run: (context, given) => convert(context, asked(given)),
  }),
  defineOperation({
    name: 'records.convert_preview',
    summary: 'What a conversion would link and make',
    description:
      'Takes what the conversion takes, and keeps nothing. Says of each part what and why, and what is missing.',
    input: Input,
    http: {
      record: { needs: 'edit', converts: true },
      query: ['duplicates'],
      method: 'POST',
      path: `${one}/preview`,
      status: 200,
      input,
    },
    run: (context, given) => previewConversion(context, asked(given)),
  }),
];
