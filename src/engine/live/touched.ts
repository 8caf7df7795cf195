/**
 * Events → which records they touched, and how those stood before: each state between the cursor and now, so that
 * a record is missed by nobody who may have seen it in any of them.
 */
import type { Catalog, ObjectModel } from '../../core/catalog/catalog.ts';
import { ident, join, rows, sql, type Queryable } from '../../core/sql/sql.ts';
import { eventsBehind, type StoredEvent } from '../events/read-events.ts';

export type Touched = {
  id: string;
  /** A state before: the columns that differed from the row as it stands now; null: it was not there yet. */
  old: Record<string, unknown> | null;
  /** The earliest of its states. */
  first: boolean;
  /** Only counts over other records changed. */
  derived: boolean;
};

/** By object. Above `most` states of an object only that it was touched: `many`. */
export type TouchedObjects = Map<string, readonly Touched[] | 'many'>;

/** `on` must see one moment: the states are built back from the rows as it shows them. */
export async function touchedBy(
  on: Queryable,
  catalog: Catalog,
  page: readonly StoredEvent[],
  most: number,
): Promise<TouchedObjects> {
  const found: TouchedObjects = new Map();
  const later = await eventsBehind(on, page);
  for (const [key, events] of Map.groupBy(page, (event) => event.object)) {
    const object = catalog.objects.get(key);
    if (!object) continue;
    if (events.length > most) found.set(key, 'many');
    else found.set(key, statesOf(object, events, later));
  }
  for (const [key, parents] of await parentsOf(on, catalog, page, found)) {
    const own = found.get(key) ?? [];
    if (own === 'many') continue;
    const known = new Set(own.map(({ id }) => id));
    const derived = [...parents].filter((id) => !known.has(id));
    if (own.length + derived.length > most) found.set(key, 'many');
    else found.set(key, [...own, ...derived.map((id) => ({ id, old: {}, first: true, derived: true }))]);
  }
  return found;
}

/** From the last event back to the first: each gives what it replaced, and the earlier one has the last word. */
function statesOf(
  object: ObjectModel,
  events: readonly StoredEvent[],
  later: readonly StoredEvent[],
): Touched[] {
  const laterOf = Map.groupBy(later, (event) => event.record);
  return [...Map.groupBy(events, (event) => event.record)].flatMap(([id, own]) => {
    let old: Record<string, unknown> = {};
    for (const event of (laterOf.get(id) ?? []).toReversed()) old = { ...old, ...replaced(object, event) };
    return own.toReversed().map((event): Touched => {
      const first = event === own[0];
      if (event.type === 'created') return { id, old: null, first, derived: false };
      old = { ...old, ...replaced(object, event) };
      return { id, old, first, derived: false };
    });
  });
}

/** The columns as they were before the event. */
function replaced(object: ObjectModel, event: StoredEvent): Record<string, unknown> {
  const columns: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(event.old ?? {})) {
    const field = object.fields.get(key);
    if (field) Object.assign(columns, field.type.write(value, field));
  }
  if (event.type === 'archived') columns['archived_at'] = null;
  if (event.type === 'restored') columns['archived_at'] = event.at;
  return columns;
}

/** Records whose stored counts and sums the events may have changed, for those write no event of their own. */
async function parentsOf(
  on: Queryable,
  catalog: Catalog,
  page: readonly StoredEvent[],
  touched: TouchedObjects,
): Promise<Map<string, Set<string>>> {
  const parents = new Map<string, Set<string>>();
  for (const [child, events] of Map.groupBy(page, (event) => event.object)) {
    const links = new Map<string, Set<string>>();
    for (const { parent, rollup } of catalog.rollupsFrom.get(child) ?? []) {
      for (const source of rollup.sources) {
        if (source.of !== child) continue;
        links.set(source.by, (links.get(source.by) ?? new Set()).add(parent));
      }
    }
    if (links.size === 0) continue;
    const note = (link: string, id: unknown): void => {
      if (typeof id !== 'string') return;
      for (const parent of links.get(link)!) parents.set(parent, (parents.get(parent) ?? new Set()).add(id));
    };
    if (touched.get(child) === 'many') {
      for (const of of links.values()) for (const parent of of) touched.set(parent, 'many');
      continue;
    }
    const names = [...links.keys()];
    const ids = [...new Set(events.map((event) => event.record))];
    const found = await rows(
      on,
      sql`SELECT ${join(names.map((name) => ident('t', name)))} FROM ${ident('crm', child)} t WHERE t.id = ANY(${ids}::uuid[])`,
    );
    for (const row of found) for (const name of names) note(name, row[name]);
    for (const event of events) for (const name of names) note(name, event.old?.[name]);
  }
  return parents;
}
