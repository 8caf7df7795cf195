/** What happened to a record, newest first, as the caller may see it: values rebuilt from the later old ones. */
import type { Context } from '../../core/context/context.ts';
import { notFound } from '../../core/errors/problem.ts';
import { ident, join, raw, rows, sql } from '../../core/sql/sql.ts';
import { accessOf } from '../access/access.ts';
import { get } from '../read/get.ts';
import { storedColumns } from '../write/stored-row.ts';

export type HistoryLine = {
  version: number;
  at: string;
  type: string;
  actor: string;
  actor_name: string;
  channel: string;
  batch: string | null;
  changes: Record<string, { from: unknown; to: unknown }>;
  note?: Record<string, unknown>;
};

/** A page of lines; `before` is the version to go on from. Fields the caller may not see do not occur. */
export async function history(
  context: Context,
  input: { object: string; id: string; before?: number; limit?: number },
): Promise<{ data: HistoryLine[]; next_cursor: string | null }> {
  await get(context, { object: input.object, id: input.id, fields: ['id'], archived: 'include' });
  const access = accessOf(context);
  const object = context.catalog.objects.get(input.object)!;
  const limit = input.limit ?? 50;
  const current = await rows<Record<string, unknown>>(
    context.pool,
    sql`SELECT ${join(storedColumns(object).map((column) => ident('t', column.name)))} FROM ${ident('crm', object.key)} t WHERE t.id = ${input.id}`,
  );
  if (!current[0]) throw notFound(object.label.one.toLowerCase());
  // The values after a version are the old values of the next event that changed them, else the present ones.
  const values = new Map<string, unknown>(
    [...object.fields.values()].map((field) => [field.key, field.type.stored(current[0]!, field)]),
  );
  if (input.before !== undefined) {
    const later = await rows<{ old: Record<string, unknown> | null }>(
      context.pool,
      sql`SELECT e.old FROM platform.events e WHERE e.record = ${input.id} AND e.object = ${object.key} AND e.version >= ${input.before} ORDER BY e.version DESC, e.id DESC`,
    );
    for (const event of later) for (const [key, old] of Object.entries(event.old ?? {})) values.set(key, old);
  }
  const below = input.before === undefined ? raw('true') : sql`e.version < ${input.before}`;
  const events = await rows<
    HistoryLine & { old: Record<string, unknown> | null; note: Record<string, unknown> | null }
  >(
    context.pool,
    sql`SELECT e.version, e.at, e.type, e.actor, e.actor_name, e.channel, e.batch, e.old, e.note FROM platform.events e
        WHERE e.record = ${input.id} AND e.object = ${object.key} AND ${below} ORDER BY e.version DESC, e.id DESC LIMIT ${limit + 1}`,
  );
  const more = events.length > limit;
  // A page never splits a version: the cursor goes on below the last whole one.
  const shown = more ? wholeVersions(events.slice(0, limit + 1), limit) : events;
  const data = shown.map(({ old, note, ...line }): HistoryLine => {
    const changes: HistoryLine['changes'] = {};
    for (const [key, from] of Object.entries(old ?? {})) {
      if (access.field(object.key, key) !== 'hidden') changes[key] = { from, to: values.get(key) ?? null };
      values.set(key, from);
    }
    return { ...line, changes, ...(note ? { note } : {}) };
  });
  return { data, next_cursor: more ? String(data.at(-1)!.version) : null };
}

function wholeVersions<T extends { version: number }>(events: readonly T[], limit: number): T[] {
  const cut = events[limit]!.version;
  const whole = events.slice(0, limit).filter((event) => event.version !== cut);
  return whole.length > 0 ? whole : events.slice(0, limit);
}
