/**
 * The automatic part of match rules: sets of fields that, all filled and equal, prove that a new record is a
 * client already known. Two inserts of the same person at the same moment must not both pass, so the keys are
 * locked first: hashed into 1,024 buckets per object, taken in order (a lock per key would exhaust shared memory).
 */
import { hash } from 'node:crypto';
import { fieldToSql } from '../../core/conditions/to-sql.ts';
import { issue, refusal, type Problem } from '../../core/errors/problem.ts';
import { and, ident, join, raw, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { recordName } from '../../kinds/fields/link/record-name.ts';
import { parseEnvOf, scopeValuesOf } from '../access/access.ts';
import { groupBy } from '../write/links.ts';
import type { Row } from '../write/row.ts';
import type { Run } from '../write/run.ts';

const buckets = 1024;
/** Advisory locks of ours are two int4: this class, and object with bucket. */
const lockClass = 0x6d61;

type Key = { row: Row; fields: string[]; values: unknown[]; name: string };

const number32 = (text: string): number => Number.parseInt(hash('sha1', text).slice(0, 8), 16);

function keysOf(run: Run, row: Row): Key[] {
  const keys: Key[] = [];
  for (const rule of run.context.catalog.matchRules.values()) {
    if (rule.object !== row.object.key) continue;
    for (const fields of rule.auto ?? []) {
      const values = fields.map((key) => {
        const field = row.object.fields.get(key);
        const value = row.values.get(key) ?? null;
        return field && value !== null
          ? field.type.comparable
            ? field.type.comparable(value, field)
            : value
          : null;
      });
      if (values.some((value) => value === null || value === '')) continue;
      keys.push({ row, fields, values, name: JSON.stringify([row.object.key, fields, values]) });
    }
  }
  return keys;
}

export type Known = {
  refused: Map<number, Problem>;
  /** Of those refused for being like an earlier row of the batch alone: index of that row. */
  twins: Map<number, number>;
};

/** Refuses creates that an automatic rule proves to be known already; notes those let through on request. */
export async function refuseKnown(run: Run, on: Queryable, rows: readonly Row[]): Promise<Known> {
  const refused = new Map<number, Problem>();
  const twins = new Map<number, number>();
  const keys = rows
    .filter((row) => row.kind === 'create' && !row.companion)
    .flatMap((row) => keysOf(run, row));
  if (keys.length === 0) return { refused, twins };
  const locks = [
    ...new Set(
      keys.map((key) => ((number32(key.row.object.key) & 0x1fffff) << 10) | (number32(key.name) % buckets)),
    ),
  ].sort((a, b) => a - b);
  await run.query(
    on,
    sql`SELECT count(pg_advisory_xact_lock(${lockClass}::integer, l)) FROM (SELECT unnest(${locks}::integer[]) AS l) ordered`,
  );
  const known = await findKnown(run, on, keys);
  const firstOf = new Map<string, Row>();
  for (const key of keys) {
    const { row } = key;
    const candidates = known.get(key.name) ?? [];
    const first = firstOf.get(key.name);
    const earlier = first && first !== row && !refused.has(first.index) ? first : undefined;
    if (!earlier) firstOf.set(key.name, row);
    if (candidates.length === 0 && !earlier) continue;
    if (row.allowDuplicates) {
      row.note['duplicates_allowed'] = [...candidates.map(({ id }) => id), ...(earlier ? [earlier.id] : [])];
      continue;
    }
    if (refused.has(row.index)) continue;
    refused.set(row.index, alreadyKnown(key, candidates));
    if (candidates.length === 0) twins.set(row.index, earlier!.index);
  }
  return { refused, twins };
}

type Candidate = { id: string; name: string | null; readable: boolean };

async function findKnown(run: Run, on: Queryable, keys: readonly Key[]): Promise<Map<string, Candidate[]>> {
  const found = new Map<string, Candidate[]>();
  const env = parseEnvOf(run.context);
  const parts: Sql[] = [];
  const groups = [...groupBy(keys, (key) => `${key.row.object.key} ${key.fields.join(' ')}`).values()];
  groups.forEach((group, at) => {
    const { row, fields } = group[0]!;
    const operands = fields.map((key) =>
      fieldToSql(key, {
        catalog: run.context.catalog,
        object: row.object.key,
        alias: 't',
        place: 'match',
        scope: scopeValuesOf(run.context),
        parse: env,
      }),
    );
    const lists = join(
      operands.map((operand, i) => sql`${group.map((key) => key.values[i])}::${raw(operand.type)}[]`),
    );
    const names = join(operands.map((_, i) => ident(`c${i}`)));
    const equal = operands.map((operand, i) => sql`${operand.sql} = w.${ident(`c${i}`)}`);
    const readable = run.access.all('read', row.object.key)
      ? raw('true')
      : sql`(${run.access.scope('read', row.object.key, 't')}) IS TRUE`;
    parts.push(
      sql`SELECT ${at}::integer AS k, w.n::integer AS n, m.id, m.name, m.readable FROM unnest(${lists}) WITH ORDINALITY AS w(${names}, n) CROSS JOIN LATERAL (SELECT t.id, ${recordName(run.access.named(row.object), 't')} AS name, ${readable} AS readable FROM ${ident('crm', row.object.key)} t WHERE ${and([...equal, raw('t.archived_at IS NULL')])} LIMIT 5) m`,
    );
  });
  for (const row of await run.query(on, join(parts, ' UNION ALL '))) {
    const key = groups[row['k'] as number]![(row['n'] as number) - 1]!;
    const list = found.get(key.name) ?? [];
    list.push({
      id: row['id'] as string,
      name: row['name'] as string | null,
      readable: row['readable'] === true,
    });
    found.set(key.name, list);
  }
  return found;
}

/** 409 with the candidates that the caller may see; of the others, only that one exists. */
function alreadyKnown(key: Key, candidates: readonly Candidate[]): Problem {
  const { object } = key.row;
  const shown = candidates.filter((candidate) => candidate.readable);
  const labels = key.fields.map((field) => object.fields.get(field)!.label.toLowerCase()).join(' and ');
  const one = object.label.one.toLowerCase();
  const found = issue(
    key.row.path + key.fields[0]!,
    'already_known',
    shown.length > 0
      ? '{name} has this {labels} already.'
      : 'Another {one} has this {labels} already, which you may not see.',
    shown.length > 0
      ? 'Use that {one}, or send duplicates=allow to keep both.'
      : 'Ask an administrator or the CRM owner, or send duplicates=allow to keep both.',
    { one, labels, name: shown[0]?.name ?? '' },
  );
  return refusal(409, 'already_known', [found], {
    extra: { candidates: shown.map(({ id, name }) => ({ id, name })) },
  });
}
