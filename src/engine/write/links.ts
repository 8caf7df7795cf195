/**
 * Resolves what links name: ids and `{match: {field: value}}`. A record that the caller may not read is
 * refused as unknown. One statement for the whole batch.
 */
import type { FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { invalid, issue, type Issue, type Problem } from '../../core/errors/problem.ts';
import { fieldToSql } from '../../core/conditions/to-sql.ts';
import { ident, join, raw, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { parseEnvOf, scopeValuesOf } from '../access/access.ts';
import { oldValue, type Row } from './row.ts';
import { rawText } from './prepare.ts';
import type { Run } from './run.ts';

type Match = Record<string, unknown>;
type Wanted = { row: Row; field: FieldModel; target: ObjectModel; id?: string; match?: Match };

const isMatch = (value: unknown): value is { match: Match } =>
  typeof value === 'object' && value !== null && 'match' in value;

/** Replaces references by ids in `row.values`. In a lenient write an optional link that resolves to nothing is left out. */
export async function resolveLinks(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
  lenient: boolean,
): Promise<Map<number, Problem>> {
  const made = new Set(rows.filter((row) => row.kind === 'create').map((row) => row.id));
  const locked = new Set(rows.filter((row) => row.old).map((row) => row.id));
  const wanted: Wanted[] = [];
  for (const row of rows) {
    for (const [key, value] of row.values) {
      if (value === null) continue;
      const field = row.object.fields.get(key)!;
      const targetKey = field.type.linkTo?.(field);
      const target = targetKey ? run.context.catalog.objects.get(targetKey) : undefined;
      if (!target || field.system) continue;
      if (isMatch(value)) wanted.push({ row, field, target, match: value.match });
      else if (typeof value === 'string') {
        const known =
          (row.companion && locked.has(value)) ||
          made.has(value) ||
          value === run.context.principal.user ||
          value === oldValue(row, field) ||
          row.putBack;
        if (!known) wanted.push({ row, field, target, id: value });
      }
    }
  }
  const refused = new Map<number, Issue[]>();
  await findFiles(run, on, rows, lenient, refused);
  const found = wanted.length > 0 ? await lookUp(run, on, wanted) : [];
  wanted.forEach((one, at) => {
    const ids = found[at]!;
    if (ids.length === 1) {
      one.row.values.set(one.field.key, ids[0]);
      return;
    }
    const problem = linkIssue(one, ids.length);
    if (lenient && !one.field.required) {
      one.row.values.delete(one.field.key);
      const named = one.match ? Object.values(one.match).map(rawText).join(', ') : one.id!;
      one.row.left.push({ field: one.field.key, raw: named, issue: problem });
    } else {
      refused.set(one.row.index, [...(refused.get(one.row.index) ?? []), problem]);
    }
  });
  return new Map([...refused].map(([index, issues]) => [index, invalid(issues)]));
}

/** Ids of uploaded files must name one. */
async function findFiles(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
  lenient: boolean,
  refused: Map<number, Issue[]>,
): Promise<void> {
  const named = rows.flatMap((row) =>
    [...row.values].flatMap(([key, value]) => {
      const field = row.object.fields.get(key)!;
      return field.type.holdsFile && typeof value === 'string' && value !== oldValue(row, field)
        ? [{ row, field, value }]
        : [];
    }),
  );
  if (named.length === 0) return;
  const found = await run.query(
    on,
    sql`SELECT f.id FROM platform.files f WHERE f.id = ANY(${named.map((one) => one.value)}::uuid[])`,
  );
  const there = new Set(found.map((file) => file['id'] as string));
  for (const { row, field, value } of named) {
    if (there.has(value)) continue;
    const problem = issue(
      row.path + field.key,
      'link_not_found',
      '{label}: there is no uploaded file with id {value}.',
      'Upload the file first, and send the id that it gets.',
      {
        label: field.label,
        value,
      },
    );
    if (lenient && !field.required) {
      row.values.delete(field.key);
      row.left.push({ field: field.key, raw: value, issue: problem });
    } else {
      refused.set(row.index, [...(refused.get(row.index) ?? []), problem]);
    }
  }
}

function linkIssue(one: Wanted, found: number): Issue {
  const params = {
    label: one.field.label,
    target: one.target.label.one.toLowerCase(),
    named: one.match
      ? Object.entries(one.match)
          .map(([key, value]) => `${key} “${rawText(value)}”`)
          .join(' and ')
      : `id ${one.id}`,
  };
  const path = one.row.path + one.field.key;
  return found === 0
    ? issue(
        path,
        'link_not_found',
        '{label}: there is no {target} with {named}, or you may not see it.',
        'Create the {target} first, or name another.',
        params,
      )
    : issue(
        path,
        'link_ambiguous',
        '{label}: more than one {target} has {named}.',
        'Name it by its id.',
        params,
      );
}

/** Ids found for each wanted link, two at most: none, the one, or ambiguous. */
async function lookUp(run: Run, on: Queryable, wanted: readonly Wanted[]): Promise<string[][]> {
  const answers: string[][] = wanted.map(() => []);
  const parts: Sql[] = [];
  const readable = (target: ObjectModel) =>
    run.access.all('read', target.key) ? raw('true') : run.access.scope('read', target.key, 't');

  const byTarget = groupBy(
    wanted.map((one, at) => ({ one, at })).filter(({ one }) => one.id !== undefined),
    ({ one }) => one.target.key,
  );
  for (const group of byTarget.values()) {
    const { target } = group[0]!.one;
    parts.push(
      sql`SELECT ${target.key}::text AS k, t.id::text AS v, t.id FROM ${ident('crm', target.key)} t WHERE t.id = ANY(${[...new Set(group.map(({ one }) => one.id!))]}::uuid[]) AND t.archived_at IS NULL AND ${readable(target)}`,
    );
  }
  const byMatch = groupBy(
    wanted.map((one, at) => ({ one, at })).filter(({ one }) => one.match !== undefined),
    ({ one }) => `${one.target.key} ${Object.keys(one.match!).sort().join(' ')}`,
  );
  const literals = new Map<number, string>();
  for (const [name, group] of byMatch) {
    const { target } = group[0]!.one;
    const keys = Object.keys(group[0]!.one.match!).sort();
    const operands = keys.map((key) => matchOperand(run, target, key));
    if (operands.length === 0 || operands.some((operand) => operand === undefined)) continue;
    const columns: unknown[][] = keys.map(() => []);
    for (const { one, at } of group) {
      const values = keys.map((key, i) => operands[i]!.literal(one.match![key]));
      if (values.some((value) => value === undefined)) continue;
      values.forEach((value, i) => columns[i]!.push(value));
      literals.set(at, `${name} ${JSON.stringify(values.map(String))}`);
    }
    if (columns[0]!.length === 0) continue;
    const list = join(operands.map((operand, i) => sql`${columns[i]!}::${raw(operand!.type)}[]`));
    const on = join(
      operands.map((operand, i) => sql`${operand!.sql} = w.${ident(`c${i}`)}`),
      ' AND ',
    );
    const shown = join(operands.map((_, i) => sql`w.${ident(`c${i}`)}::text`));
    const names = join(operands.map((_, i) => ident(`c${i}`)));
    parts.push(
      sql`SELECT ${name}::text AS k, jsonb_build_array(${shown})::text AS v, m.id FROM (SELECT DISTINCT * FROM unnest(${list}) AS u(${names})) w CROSS JOIN LATERAL (SELECT t.id FROM ${ident('crm', target.key)} t WHERE ${on} AND t.archived_at IS NULL AND ${readable(target)} LIMIT 2) m`,
    );
  }
  if (parts.length === 0) return answers;
  const byAnswer = new Map<string, string[]>();
  for (const row of await run.query(on, join(parts, ' UNION ALL '))) {
    const name = row['v'].startsWith('[')
      ? `${row['k']} ${JSON.stringify((JSON.parse(row['v']) as unknown[]).map(String))}`
      : `${row['k']} ${row['v']}`;
    byAnswer.set(name, [...(byAnswer.get(name) ?? []), row['id'] as string]);
  }
  wanted.forEach((one, at) => {
    const name = one.id !== undefined ? `${one.target.key} ${one.id.toLowerCase()}` : literals.get(at);
    answers[at] = (name !== undefined ? byAnswer.get(name) : undefined) ?? [];
  });
  return answers;
}

/** How a match compares a field of the target; undefined where the caller may not see it or it cannot be matched. */
function matchOperand(run: Run, target: ObjectModel, key: string) {
  const field = target.fields.get(key);
  if (
    !field ||
    run.access.field(target.key, key) === 'hidden' ||
    !field.type.traits(field).includes('equatable')
  )
    return undefined;
  const env = parseEnvOf(run.context);
  const operand = fieldToSql(key, {
    catalog: run.context.catalog,
    object: target.key,
    alias: 't',
    place: 'list',
    scope: scopeValuesOf(run.context),
    parse: env,
  });
  return {
    sql: operand.sql,
    type: operand.type,
    literal(value: unknown): unknown {
      const parsed = field.type.literal(value, field, env);
      return parsed.ok && parsed.value !== null ? parsed.value : undefined;
    },
  };
}

export function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}
