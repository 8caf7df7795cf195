/** Locks the records that a batch touches, in id order, and asks of each whether the caller may. */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { forbidden, issue, notFound, refusal, type Problem } from '../../core/errors/problem.ts';
import type { Verb } from '../../core/definitions/role.ts';
import { ident, join, sql, type Queryable } from '../../core/sql/sql.ts';
import type { Access } from '../access/access.ts';
import { storedColumns } from './stored-row.ts';
import type { Row } from './row.ts';
import type { Run } from './run.ts';

/** The verbs a row needs: that of its kind, and `assign` where it may come to change the owner. */
function verbsOf(row: Row, extra: Verb | undefined): Verb[] {
  if (row.putBack) return [];
  const verbs: Verb[] = [row.kind === 'archive' || row.kind === 'restore' ? 'archive' : 'edit'];
  if (row.object.ownerField && row.values.has(row.object.ownerField)) verbs.push('assign');
  if (row.override !== undefined) verbs.push('override');
  if (extra) verbs.push(extra);
  return verbs;
}

/** Fills `old` of every row that exists; gives what may not be touched, by index of the change. */
export async function lockRows(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
  extra?: Verb,
): Promise<Map<number, Problem>> {
  const refused = new Map<number, Problem>();
  const byObject = new Map<string, Row[]>();
  for (const row of rows) {
    if (row.kind !== 'create') byObject.set(row.object.key, [...(byObject.get(row.object.key) ?? []), row]);
  }
  for (const key of [...byObject.keys()].sort()) {
    const group = byObject.get(key)!;
    const object = group[0]!.object;
    const verbs = [...new Set<Verb>(['read', ...group.flatMap((row) => verbsOf(row, extra))])].filter(
      (verb) => !run.access.all(verb, key),
    );
    const columns = [
      ...storedColumns(object).map((column) => ident('t', column.name)),
      ...verbs.map((verb) => sql`(${run.access.scope(verb, key, 't')}) IS TRUE AS ${ident(`may__${verb}`)}`),
    ];
    const found = await run.query(
      on,
      sql`SELECT ${join(columns)} FROM ${ident('crm', key)} t WHERE t.id = ANY(${[...new Set(group.map((row) => row.id))]}::uuid[]) ORDER BY t.id FOR NO KEY UPDATE OF t`,
    );
    const byId = new Map(found.map((stored) => [stored['id'] as string, stored]));
    for (const row of group) {
      const stored = byId.get(row.id);
      const problem = whyNot(run.access, row, object, stored, extra);
      if (problem) refused.set(row.index, problem);
      else row.old = stored!;
    }
  }
  return refused;
}

function whyNot(
  access: Access,
  row: Row,
  object: ObjectModel,
  stored: Record<string, unknown> | undefined,
  extra?: Verb,
): Problem | undefined {
  const one = object.label.one.toLowerCase();
  const may = (verb: Verb) => access.all(verb, object.key) || stored?.[`may__${verb}`] === true;
  if (!stored || (!row.putBack && !may('read'))) return notFound(one);
  if (row.putBack && !access.may('edit', object.key)) return forbidden(`change this ${one}`);
  for (const verb of verbsOf(row, extra)) {
    if (verb === 'assign') continue; // asked once it is known whether the owner changes
    if (!may(verb)) return forbidden(`${doing[verb] ?? verb} this ${one}`);
  }
  if (row.expectedVersion !== undefined && row.expectedVersion !== Number(stored['version'])) {
    return refusal(
      412,
      'changed_meanwhile',
      [
        issue(
          'version',
          'changed_meanwhile',
          'This {one} is at version {now}, not {then}: somebody changed it meanwhile.',
          'Read it again, look at what changed, and send your change with the new version.',
          {
            one,
            now: stored['version'],
            then: row.expectedVersion,
          },
        ),
      ],
      { extra: { version: stored['version'] } },
    );
  }
  const archived = stored['archived_at'] !== null;
  if (archived && row.kind === 'update' && !row.sumOf) {
    return refusal(409, 'archived', [
      issue('', 'archived', 'This {one} is archived.', 'Bring it back first: POST …/restore.', { one }),
    ]);
  }
  return undefined;
}

const doing: Partial<Record<Verb, string>> = {
  edit: 'change',
  archive: 'archive',
  override: 'override the checkpoints of',
  mass_edit: 'mass-edit',
  import: 'import into',
};
