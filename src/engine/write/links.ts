/**
 * Resolves what links name: ids and `{match: {field: value}}`. A record that the caller may not read is
 * refused as unknown. One statement for the whole batch.
 */
import type { FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { invalid, issue, type Issue, type Problem } from '../../core/errors/problem.ts';
import { fieldToSql } from '../../core/conditions/to-sql.ts';
import { isStorableText } from '../../core/json/parse-json.ts';
import { ident, join, raw, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { parseEnvOf, scopeValuesOf } from '../access/access.ts';
import { oldValue, type Row } from './row.ts';
import { namedByFile, rawText } from './parse-values.ts';
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
  const nameOf = (object: ObjectModel, id: string): string => `${object.key} ${id}`;
  const made = new Set(rows.filter((row) => row.kind === 'create').map((row) => nameOf(row.object, row.id)));
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
          made.has(nameOf(target, value)) ||
          (value === run.context.principal.user && target.key === run.context.catalog.serving.user) ||
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

/** The name field of a new record that waits for the name of its file. */
const nameless = (row: Row): FieldModel | undefined =>
  [...row.object.fields.values()].find(
    (field) => field.required && (row.values.get(field.key) ?? null) === null && namedByFile(row, field),
  );

function takeName(run: Run, row: Row, name: string): void {
  const field = nameless(row);
  const parsed = field?.type.parse(name, field, parseEnvOf(run.context));
  if (field) row.values.set(field.key, parsed?.ok && parsed.value !== null ? parsed.value : row.id);
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
    sql`SELECT f.id, f.name FROM platform.files f WHERE f.id = ANY(${named.map((one) => one.value)}::uuid[])`,
  );
  const names = new Map(found.map((file) => [file['id'] as string, file['name'] as string]));
  for (const { row, field, value } of named) {
    const name = names.get(value);
    if (name !== undefined) {
      takeName(run, row, name);
      continue;
    }
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
    if (lenient && !field.required && !nameless(row)) {
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
  /** Per part and its nth line, the links that ask for it. */
  const askers: number[][][] = [];
  const readable = (target: ObjectModel) =>
    run.access.all('read', target.key) ? raw('true') : run.access.scope('read', target.key, 't');
  const groups = groupBy(
    wanted.map((one, at) => ({ one, at })),
    ({ one }) => `${one.target.key} ${one.match ? Object.keys(one.match).sort().join(' ') : ''}`,
  );
  for (const group of groups.values()) {
    const { target, match } = group[0]!.one;
    const keys = match ? Object.keys(match).sort() : ['id'];
    const operands = keys.map((key) => matchOperand(run, target, key));
    if (operands.some((operand) => operand === undefined)) continue;
    const lines = new Map<string, { values: unknown[]; asked: number[] }>();
    for (const { one, at } of group) {
      const values = keys.map((key, i) => operands[i]!.literal(one.match ? one.match[key] : one.id));
      if (values.some((value) => value === undefined)) continue;
      const name = JSON.stringify(values);
      const line = lines.get(name) ?? { values, asked: [] };
      line.asked.push(at);
      lines.set(name, line);
    }
    if (lines.size === 0) continue;
    const columns = keys.map((_, i) => [...lines.values()].map(({ values }) => values[i]));
    const list = join(operands.map((operand, i) => sql`${columns[i]!}::${raw(operand!.type)}[]`));
    const names = join([...operands.map((_, i) => ident(`c${i}`)), raw('n')]);
    const equal = operands.map((operand, i) => sql`${operand!.sql} = w.${ident(`c${i}`)}`);
    parts.push(
      sql`SELECT ${askers.length}::integer AS part, w.n::integer AS line, m.id FROM unnest(${list}) WITH ORDINALITY AS w(${names}) CROSS JOIN LATERAL (SELECT t.id FROM ${ident('crm', target.key)} t WHERE ${join(equal, ' AND ')} AND t.archived_at IS NULL AND ${readable(target)} LIMIT 2) m`,
    );
    askers.push([...lines.values()].map(({ asked }) => asked));
  }
  if (parts.length === 0) return answers;
  for (const found of await run.query(on, join(parts, ' UNION ALL '))) {
    for (const at of askers[found['part'] as number]![(found['line'] as number) - 1]!)
      answers[at]!.push(found['id'] as string);
  }
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
      if (typeof value === 'string' && !isStorableText(value)) return undefined;
      const parsed = field.type.literal(value, field, env);
      return parsed.ok && parsed.value !== null ? parsed.value : undefined;
    },
  };
}

export function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}
