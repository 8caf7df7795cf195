/**
 * Who took what out of the CRM. The row is there before the first byte leaves and says how many records left, also
 * where the caller hung up halfway or the process died; its end is an event like any other.
 */
import type { Context } from '../../core/context/context.ts';
import { uuidV7 } from '../../core/identity/uuid-v7.ts';
import { and, raw, row, rows, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { actorOf } from '../events/append.ts';

export type ExportFormat = 'csv' | 'xlsx';
export type ExportEnd = 'done' | 'stopped' | 'failed' | 'lost';

export type ExportEntry = {
  id: string;
  object: string;
  format: ExportFormat;
  state: ExportEnd | 'running';
  actor: string;
  actor_name: string;
  channel: string;
  started_at: string;
  ended_at: string | null;
  count: number;
  reason: string | null;
  question: Record<string, unknown>;
};

export async function beginExport(
  context: Context,
  input: { object: string; format: ExportFormat; reason: string | null; question: Record<string, unknown> },
): Promise<string> {
  const id = uuidV7();
  const { principal, channel } = context;
  await rows(
    context.pool,
    sql`INSERT INTO platform.exports (id, object, format, actor, actor_name, channel, reason, question)
        VALUES (${id}, ${input.object}, ${input.format}, ${actorOf(principal)}, ${principal.name}, ${channel}, ${input.reason}, ${JSON.stringify(input.question)}::jsonb)`,
  );
  return id;
}

/** A sign of life, with how many records have left. */
export async function noteExport(on: Queryable, id: string, count: number): Promise<void> {
  await rows(
    on,
    sql`UPDATE platform.exports SET count = ${count}, seen_at = clock_timestamp() WHERE id = ${id} AND state = 'running'`,
  );
}

/** Its last state and its event, both or neither; nothing for one that has ended. */
export async function endExport(on: Queryable, id: string, state: ExportEnd, count: number): Promise<void> {
  await end(on, sql`id = ${id}`, state, sql`${count}::bigint`);
}

/** Ends those whose process died: they gave no sign of life for minutes. */
export async function endLostExports(on: Queryable): Promise<void> {
  await end(on, raw(`seen_at < now() - interval '5 minutes'`), 'lost', raw('count'));
}

async function end(on: Queryable, which: Sql, state: ExportEnd, count: Sql): Promise<void> {
  await rows(
    on,
    sql`WITH ended AS (
          UPDATE platform.exports SET state = ${state}, count = ${count}, ended_at = clock_timestamp()
          WHERE state = 'running' AND ${which} RETURNING *
        )
        INSERT INTO platform.events (object, record, version, type, actor, actor_name, channel, note)
        SELECT object, id, 1, 'exported', actor, actor_name, channel,
               jsonb_build_object('format', format, 'state', state, 'count', count, 'reason', reason) || question
        FROM ended`,
  );
}

/** Newest first: everybody's for whoever may read them, else one's own. */
export async function listExports(
  context: Context,
  input: { after?: string; limit: number },
): Promise<{ data: ExportEntry[]; next: string | null }> {
  const conditions = [
    ...(context.may('exports.read') ? [] : [sql`e.actor = ${actorOf(context.principal)}`]),
    ...(input.after === undefined ? [] : [sql`e.id < ${input.after}::uuid`]),
  ];
  const found = await rows<ExportEntry>(
    context.pool,
    sql`SELECT e.id, e.object, e.format, e.state, e.actor, e.actor_name, e.channel, e.started_at, e.ended_at, e.count, e.reason, e.question
        FROM platform.exports e WHERE ${and(conditions)} ORDER BY e.id DESC LIMIT ${input.limit + 1}`,
  );
  const data = found.slice(0, input.limit).map((entry) => ({ ...entry, count: Number(entry.count) }));
  return { data, next: found.length > input.limit ? data.at(-1)!.id : null };
}

/** How many exports are under way in the whole installation for somebody. */
export async function runningExports(context: Context): Promise<number> {
  const found = await row<{ running: number }>(
    context.pool,
    sql`SELECT count(*)::integer AS running FROM platform.exports
        WHERE state = 'running' AND actor = ${actorOf(context.principal)} AND seen_at > now() - interval '1 minute'`,
  );
  return found!.running;
}
