/** What happened to a record, newest first, as the caller may see it: values rebuilt from the later old ones. */
import type { FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { notFound } from '../../core/errors/problem.ts';
import { ident, join, raw, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { recordName } from '../../kinds/fields/link/record-name.ts';
import { inTransaction } from '../../platform/database/transaction.ts';
import { accessOf, type Access } from '../access/access.ts';
import { get } from '../read/get.ts';
import { selectEnvOf } from '../read/select.ts';
import { storedColumns } from '../write/stored-row.ts';

export type HistoryLine = {
  version: number;
  at: string;
  type: string;
  actor: string;
  actor_name: string;
  channel: string;
  batch: string | null;
  /** Values as the API reads them; of the creation, what the record began with. */
  changes: Record<string, { from: unknown; to: unknown }>;
  note?: Record<string, unknown>;
};

type StoredLine = Omit<HistoryLine, 'changes' | 'note'> & {
  old: Record<string, unknown> | null;
  note: Record<string, unknown> | null;
};

/**
 * A page of lines; `before` is the version to go on from. Fields the caller may not see do not occur, and a
 * link to what the caller may not read is null. A page never splits a version.
 */
export async function history(
  context: Context,
  input: { object: string; id: string; before?: number; limit?: number },
): Promise<{ data: HistoryLine[]; next_cursor: string | null }> {
  // One snapshot: an event that commits between two reads would shift every value by one.
  return inTransaction(context.pool, (on) => page(context, on, input), {
    isolation: 'repeatable read',
    readOnly: true,
  });
}

async function page(
  context: Context,
  on: Queryable,
  input: { object: string; id: string; before?: number; limit?: number },
): Promise<{ data: HistoryLine[]; next_cursor: string | null }> {
  await get(context, { object: input.object, id: input.id, fields: ['id'], archived: 'include' }, on);
  const access = accessOf(context);
  const object = context.catalog.objects.get(input.object)!;
  const { events, more } = await eventsOf(on, { ...input, object: object.key, limit: input.limit ?? 50 });
  const values = await valuesBefore(on, object, input);
  const data = events.map(({ old, note, ...line }): HistoryLine => {
    const changes: HistoryLine['changes'] = {};
    const before = line.type === 'created' ? nothing(object, values) : (old ?? {});
    for (const [key, from] of Object.entries(before)) {
      if (access.field(object.key, key) !== 'hidden') changes[key] = { from, to: values.get(key) ?? null };
      values.set(key, from);
    }
    return { ...line, changes, ...(note ? { note: publicNote(note) } : {}) };
  });
  await readAll(context, access, on, object, data);
  return { data, next_cursor: more ? String(data.at(-1)!.version) : null };
}

async function eventsOf(
  on: Queryable,
  input: { object: string; id: string; before?: number; limit: number },
): Promise<{ events: StoredLine[]; more: boolean }> {
  const select = (condition: ReturnType<typeof sql>, limit: number | null) =>
    rows<StoredLine>(
      on,
      sql`SELECT e.version, e.at, e.type, e.actor, e.actor_name, e.channel, e.batch, e.old, e.note FROM platform.events e
          WHERE e.record = ${input.id} AND e.object = ${input.object} AND ${condition} ORDER BY e.version DESC, e.id DESC LIMIT ${limit}`,
    );
  const found = await select(
    input.before === undefined ? raw('true') : sql`e.version < ${input.before}`,
    input.limit + 1,
  );
  if (found.length <= input.limit) return { events: found, more: false };
  const cut = found.at(-1)!.version;
  const whole = found.filter((event) => event.version !== cut);
  if (whole.length > 0) return { events: whole, more: true };
  return { events: await select(sql`e.version = ${cut}`, null), more: cut > 1 };
}

/** Values after the page's first event: the old ones of the next event that changed them, else the present ones. */
async function valuesBefore(
  on: Queryable,
  object: ObjectModel,
  input: { id: string; before?: number },
): Promise<Map<string, unknown>> {
  const [current] = await rows<Record<string, unknown>>(
    on,
    sql`SELECT ${join(storedColumns(object).map((column) => ident('t', column.name)))} FROM ${ident('crm', object.key)} t WHERE t.id = ${input.id}`,
  );
  if (!current) throw notFound(object.label.one.toLowerCase());
  const values = new Map<string, unknown>(
    [...object.fields.values()].map((field) => [field.key, field.type.stored(current, field)]),
  );
  if (input.before === undefined) return values;
  const later = await rows<{ old: Record<string, unknown> | null }>(
    on,
    sql`SELECT e.old FROM platform.events e WHERE e.record = ${input.id} AND e.object = ${object.key} AND e.version >= ${input.before} ORDER BY e.version DESC, e.id DESC`,
  );
  for (const event of later) for (const [key, old] of Object.entries(event.old ?? {})) values.set(key, old);
  return values;
}

/** A new record has changed from nothing to what it began with; what the CRM keeps itself is no news. */
const nothing = (object: ObjectModel, values: ReadonlyMap<string, unknown>): Record<string, null> =>
  Object.fromEntries(
    [...object.fields.values()]
      .filter((field) => !field.maintained && (values.get(field.key) ?? null) !== null)
      .map((field) => [field.key, null]),
  );

/** Ids of other records are for the engine: whoever reads this may not be one who may read those. */
function publicNote({ with: _, duplicates_allowed: allowed, ...note }: Record<string, unknown>) {
  return Array.isArray(allowed) ? { ...note, duplicates_allowed: allowed.length } : note;
}

/** Canonical values → what the API answers. */
async function readAll(
  context: Context,
  access: Access,
  on: Queryable,
  object: ObjectModel,
  lines: readonly HistoryLine[],
): Promise<void> {
  const pairs = lines.flatMap((line) =>
    Object.entries(line.changes).flatMap(([key, pair]) => {
      const field = object.fields.get(key);
      return field ? [{ field, pair }] : [];
    }),
  );
  const names = await namesOf(context, access, on, pairs);
  const read = (field: FieldModel, value: unknown): unknown => {
    if (value === null || value === undefined) return null;
    const known = names.get(namespace(field));
    if (known) return known.has(value as string) ? { id: value, name: known.get(value as string) } : null;
    return field.type.read ? field.type.read(field.type.write(value, field), field) : value;
  };
  for (const { field, pair } of pairs) {
    pair.from = read(field, pair.from);
    pair.to = read(field, pair.to);
  }
}

/** Which names its values stand for: those of an object's records, or of uploaded files. */
const namespace = (field: FieldModel): string =>
  field.type.holdsFile ? 'file' : field.type.linkTo ? `record ${field.type.linkTo(field)}` : '';

/** Names of linked records that the caller may read, and of files, by id. */
async function namesOf(
  context: Context,
  access: Access,
  on: Queryable,
  pairs: readonly { field: FieldModel; pair: { from: unknown; to: unknown } }[],
): Promise<Map<string, Map<string, string>>> {
  const ids = new Map<string, { field: FieldModel; ids: Set<string> }>();
  for (const { field, pair } of pairs) {
    const name = namespace(field);
    if (name === '') continue;
    const entry = ids.get(name) ?? { field, ids: new Set<string>() };
    for (const id of [pair.from, pair.to]) if (typeof id === 'string') entry.ids.add(id);
    ids.set(name, entry);
  }
  const env = selectEnvOf(context, access);
  const names = new Map<string, Map<string, string>>();
  for (const [name, { field, ids: asked }] of ids) {
    const target = field.type.linkTo ? env.catalog.objects.get(field.type.linkTo(field)) : undefined;
    const query = target
      ? sql`SELECT n.id, ${recordName(target, 'n')} AS name FROM ${ident('crm', target.key)} n WHERE n.id = ANY(${[...asked]}::uuid[]) AND ${env.readable(target.key, 'n')}`
      : sql`SELECT n.id, n.name FROM platform.files n WHERE n.id = ANY(${[...asked]}::uuid[])`;
    const found = await rows<{ id: string; name: string }>(on, query);
    names.set(name, new Map(found.map((one) => [one.id, one.name])));
  }
  return names;
}
