/** Live updates: which records of a list changed, told while they change. */
import { z } from 'zod';
import type { Context } from '../core/context/context.ts';
import { parseJson } from '../core/json/parse-json.ts';
import { defineOperation, type HttpRequest, type StreamEvent } from './operation.ts';

const Watch = z.strictObject({
  name: z.string().min(1).max(60).meta({ description: 'How you call it; its events carry this name' }),
  object: z.string().min(1).max(60),
  id: z.string().max(60).optional().meta({ description: 'One record, in place of a list' }),
  where: z.unknown().optional().meta({ description: 'A condition, as of a list' }),
  q: z.string().max(400).optional(),
  archived: z.enum(['include', 'only']).optional(),
});
const Input = z.strictObject({
  watch: z
    .array(Watch)
    .max(20)
    .refine((watches) => new Set(watches.map(({ name }) => name)).size === watches.length, {
      message: 'Two watches have the same name.',
    })
    .optional(),
  since: z
    .string()
    .max(60)
    .optional()
    .meta({ description: 'Id of the last event heard: what was missed since is told first' }),
});

const listen = async (
  context: Context,
  { watch = [], since }: z.infer<typeof Input>,
): Promise<AsyncIterable<StreamEvent>> => {
  if (!context.live) throw new Error('Nobody tells live updates at this door.');
  return context.live.listen(context, { watch, since });
};

const sinceOf = (request: HttpRequest): Record<string, string> => {
  const last = request.header('last-event-id');
  return last ? { since: last } : {};
};

const description =
  'Server-sent events. `ready`: from here on nothing is missed. `changes`: `records` of a watch, each with `id`, ' +
  '`kind` (entered, changed, left) and `version`; or `stale`, then read the list again. `resync`: too much was ' +
  'missed, read everything again. `at`: only how far it came. `catalog`, `access`, `again`: the definitions or ' +
  'your rights changed, or the stream is old; it ends, come back with `since`. Values are never sent.';

export const liveOperations = [
  defineOperation({
    name: 'live.listen',
    summary: 'Hear which records change',
    description,
    input: Input,
    http: {
      method: 'GET',
      path: '/api/v1/live',
      events: true,
      input(request) {
        const { watch, ...rest } = request.query;
        return {
          ...rest,
          ...(watch === undefined ? {} : { watch: parseJson(String(watch), 'watch') }),
          ...sinceOf(request),
        };
      },
    },
    run: listen,
  }),
  defineOperation({
    name: 'live.watch',
    summary: 'Hear which records change, watches in the body',
    description: 'For conditions too long for an address.',
    input: Input,
    http: {
      method: 'POST',
      path: '/api/v1/live',
      events: true,
      status: 200,
      input: (request) => ({ ...request.query, ...(request.body as object | null), ...sinceOf(request) }),
    },
    run: listen,
  }),
];
