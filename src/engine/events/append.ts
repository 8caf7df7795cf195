/** Writes events, in the transaction of the change they tell of. */
import { ident, join, raw, sql, type Queryable } from '../../core/sql/sql.ts';
import type { Run } from '../write/run.ts';

export type EventType = 'created' | 'changed' | 'moved' | 'archived' | 'restored' | 'gaps';

export type EventRow = {
  object: string;
  record: string;
  version: number;
  type: EventType;
  /** Field → canonical value before; null for created. */
  old: Record<string, unknown> | null;
  note: Record<string, unknown> | null;
};

export const actorOf = (principal: { kind: string; id: string }): string =>
  `${principal.kind}:${principal.id}`;

const columns = [
  'object',
  'record',
  'version',
  'type',
  'old',
  'note',
  'actor',
  'actor_name',
  'channel',
  'batch',
  'at',
];

export async function appendEvents(run: Run, on: Queryable, events: readonly EventRow[]): Promise<void> {
  if (events.length === 0) return;
  const { principal, channel, now } = run.context;
  const at = now ? sql`${now.toISOString()}::timestamptz` : raw('clock_timestamp()');
  const constants = sql`${actorOf(principal)}::text, ${principal.name}::text, ${channel}::text, ${run.batch}::uuid, ${at}`;
  const names = join(columns.map((name) => ident(name)));
  const json = (value: Record<string, unknown> | null) =>
    value && Object.keys(value).length > 0 ? JSON.stringify(value) : null;
  const [only] = events;
  const source =
    events.length === 1
      ? sql`VALUES (${only!.object}::text, ${only!.record}::uuid, ${only!.version}::integer, ${only!.type}::text, ${json(only!.old)}::jsonb, ${json(only!.note)}::jsonb, ${constants})`
      : sql`SELECT r.object, r.record, r.version, r.type, r.old::jsonb, r.note::jsonb, ${constants} FROM unnest(${events.map((e) => e.object)}::text[], ${events.map((e) => e.record)}::uuid[], ${events.map((e) => e.version)}::integer[], ${events.map((e) => e.type)}::text[], ${events.map((e) => json(e.old))}::text[], ${events.map((e) => json(e.note))}::text[]) AS r(object, record, version, type, old, note)`;
  await run.query(on, sql`INSERT INTO platform.events (${names}) ${source}`);
}
