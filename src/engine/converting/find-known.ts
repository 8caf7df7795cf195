/** Records that equal given values in a set of fields: who is known already. */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { fieldToSql } from '../../core/conditions/to-sql.ts';
import type { Context } from '../../core/context/context.ts';
import { and, compile, ident, raw, sql } from '../../core/sql/sql.ts';
import { recordName } from '../../kinds/fields/link/record-name.ts';
import { parseEnvOf, scopeValuesOf, type Access } from '../access/access.ts';

export type Candidate = { id: string; name: string };
export type Found = {
  /** The fields that were equal; empty when nothing was found. */
  by: readonly string[];
  /** Those that the caller may read, five at most. */
  readable: Candidate[];
  /** Whether there are others, which the caller may not see. */
  others: boolean;
};

const most = 5;
const none: Found = { by: [], readable: [], others: false };

/** The first set of fields that finds anybody decides. Sets with an empty or hidden field say nothing. */
export async function findKnown(
  context: Context,
  access: Access,
  input: {
    object: ObjectModel;
    sets: readonly (readonly string[])[];
    values: Readonly<Record<string, unknown>>;
  },
): Promise<Found> {
  for (const set of input.sets) {
    const found = await equalIn(context, access, input.object, set, input.values);
    if (found.readable.length > 0 || found.others) return found;
  }
  return none;
}

async function equalIn(
  context: Context,
  access: Access,
  object: ObjectModel,
  set: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Promise<Found> {
  const env = parseEnvOf(context);
  const conditions = set.map((key) => {
    const field = object.fields.get(key);
    if (!field || access.field(object.key, key) === 'hidden') return undefined;
    const literal = field.type.literal(values[key] ?? null, field, env);
    if (!literal.ok || literal.value === null) return undefined;
    const operand = fieldToSql(key, {
      catalog: context.catalog,
      object: object.key,
      alias: 't',
      place: 'match',
      scope: scopeValuesOf(context),
      parse: env,
    });
    return sql`${operand.sql} = ${literal.value}::${raw(operand.type)}`;
  });
  const known = conditions.filter((one) => one !== undefined);
  if (known.length < conditions.length || known.length === 0) return none;
  const readable = access.all('read', object.key)
    ? raw('true')
    : sql`(${access.scope('read', object.key, 't')}) IS TRUE`;
  const { text, values: parameters } = compile(
    sql`SELECT t.id, ${recordName(access.named(object), 't')} AS name, ${readable} AS readable FROM ${ident('crm', object.key)} t WHERE ${and([...known, raw('t.archived_at IS NULL')])} ORDER BY readable DESC, t.id LIMIT ${most + 1}`,
  );
  const { rows } = await context.pool.query<Candidate & { readable: boolean }>(text, parameters);
  return {
    by: set,
    readable: rows
      .filter((row) => row.readable)
      .slice(0, most)
      .map(({ id, name }) => ({ id, name })),
    others: rows.some((row) => !row.readable),
  };
}
