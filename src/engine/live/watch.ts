/** What somebody watches: a list under a condition, or one record; and what a question about it reads. */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { isProblem, refusal } from '../../core/errors/problem.ts';
import { compile, sql, type Sql } from '../../core/sql/sql.ts';
import { accessOf } from '../access/access.ts';
import { readableObject } from '../read/select.ts';
import { readCondition, type Filter } from '../read/where.ts';

export type WatchInput = Filter & {
  /** How the watcher calls it. */
  name: string;
  object: string;
  /** One record, archived or not. */
  id?: string;
};

export type Watch = {
  name: string;
  object: string;
  filter: Filter;
  /** Other objects that decide which records are in it: through links, and through what its rights follow. */
  reads: ReadonlySet<string>;
  /** Watches with the same key, of whoever, hold the same records. */
  key: string;
};

/** @throws Problem as a list does: unknown or hidden objects and fields, with the path in `watch`. */
export function watchOf(context: Context, input: WatchInput, at: number): Watch {
  const { name, object, id, where, q, archived } = input;
  const filter: Filter = id === undefined ? { where, q, archived } : { where: { id }, archived: 'include' };
  try {
    const { now } = conditionsOf(context, readableObject(context, accessOf(context), object), filter);
    const { principal, workspace, catalog } = context;
    return {
      name,
      object,
      filter,
      reads: tablesOf(now, object),
      key: JSON.stringify([
        object,
        filter,
        [principal.user, [...principal.teams].sort(), [...principal.roles].sort()],
        [workspace.timeZone, workspace.currency, workspace.country, catalog.epoch],
      ]),
    };
  } catch (error) {
    if (!isProblem(error)) throw error;
    const { status, code, errors, extra } = error.body;
    throw refusal(
      status,
      code,
      errors.map((found) => ({ ...found, path: [`watch.${at}`, found.path].filter(Boolean).join('.') })),
      { extra },
    );
  }
}

export type WatchConditions = {
  /** Over `t`, the row as it stands. */
  now: Sql;
  /** Over `o`, the row as it stood: without the words looked for, whose text is kept for the present row alone. */
  before: Sql;
  /** Over `t`: the watcher may read it, whether or not it is in the watch. */
  readable: Sql;
};

export function conditionsOf(context: Context, object: ObjectModel, filter: Filter): WatchConditions {
  const access = accessOf(context);
  return {
    now: readCondition(context, access, object, 't', filter),
    before: readCondition(context, access, object, 'o', { ...filter, q: undefined }),
    readable: readCondition(context, access, object, 't', { archived: 'include' }),
  };
}

/** The record tables that a condition names, as its SQL says. */
const tablesOf = (condition: Sql, own: string): Set<string> =>
  new Set(
    [...compile(sql`${condition}`).text.matchAll(/"crm"\."(\w+)"/g)]
      .map(([, table]) => table!)
      .filter((table) => table !== own),
  );
