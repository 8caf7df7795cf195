/**
 * What a change of one record means for others: rollups to recompute on its parents, and checkpoints for which
 * it was evidence. Parents are locked in id order before anything is read from them.
 */
import { allOf } from './all-of.ts';
import { itemEvidence } from './item-facts.ts';
import type { Catalog, ItemModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { checkpointEnv } from '../../core/conditions/checkpoint-env.ts';
import { ident, join, raw, sql, type Queryable, type Sql } from '../../core/sql/sql.ts';
import type { CheckpointEnv } from '../../core/kinds/checkpoint-kind.ts';
import { parseEnvOf, scopeValuesOf } from '../access/access.ts';
import type { EventRow } from '../events/append.ts';
import { enforced, entryItem, isJudged, noteGaps, unmetItems, type Standing } from './judge.ts';
import { todayIn } from './today.ts';
import { linkedIds, recomputeRollups, staleParents, type Stale } from './rollups.ts';
import { sameValue, type Row } from './row.ts';
import type { Run } from './run.ts';
import { storeGaps } from './store.ts';
import { requiredItems } from './transitions.ts';

/**
 * Parents to judge again, by object and id: the child objects whose records changed or went, so that what they
 * proved is looked at again; an empty set where evidence was only added, which can but close gaps.
 */
type Judged = Map<string, Map<string, Set<string>>>;

export type Evidence = {
  /** Parents that the batch does not change itself. */
  judged: Judged;
  /** Those that it does: judged with their own row. */
  own: Judged;
  /** Items that did not hold before the batch, by parent id: growing old is not losing. */
  unmetBefore: Map<string, ReadonlySet<string>>;
};

/** What the batch may take away from others. To be asked before anything is stored. */
export async function findEvidence(run: Run, on: Queryable, rows: readonly Row[]): Promise<Evidence> {
  const evidence: Evidence = { ...evidenceParents(run, rows), unmetBefore: new Map() };
  for (const judged of [evidence.judged, evidence.own]) {
    for (const [key, parents] of judged) {
      const ids = [...parents].filter(([, children]) => children.size > 0).map(([id]) => id);
      if (ids.length === 0) continue;
      const object = run.context.catalog.objects.get(key)!;
      const found = await run.query(
        on,
        sql`SELECT ${stagedColumns(object)} FROM ${ident('crm', key)} t WHERE t.id = ANY(${ids}::uuid[])`,
      );
      const records = found.flatMap((stored) => {
        const standing = standingOf(run, object, stored, parents.get(stored['id'] as string)!);
        return standing ? [standing] : [];
      });
      for (const [id, unmet] of await unmetItems(run, on, key, records))
        evidence.unmetBefore.set(id, new Set(unmet));
    }
  }
  return evidence;
}

/** Of the items required of a record that the batch changes itself: those that it may have taken the proof from. */
export function shakenItems(
  run: Run,
  evidence: Evidence,
  row: Row,
  required: readonly ItemModel[],
): ItemModel[] {
  const children = evidence.own.get(row.object.key)?.get(row.id);
  if (!children || children.size === 0) return [];
  const env = envOf(run, row.object);
  const before = evidence.unmetBefore.get(row.id);
  return required.filter(
    (item) => !before?.has(item.id) && itemEvidence(item, env).some((child) => children.has(child)),
  );
}

/** Brings parents up to date; gives the events of those whose gaps changed. Rows of the batch itself are judged elsewhere. */
export async function updateParents(
  run: Run,
  on: Queryable,
  rows: readonly Row[],
  { judged, unmetBefore }: Evidence,
): Promise<EventRow[]> {
  const stale = staleParents(run.context.catalog, rows);
  const objects = [...new Set([...stale.keys(), ...judged.keys()])].sort();
  if (objects.length === 0) return [];
  const locks = objects.map(async (key) => [key, await lockParents(run, on, key, stale, judged)] as const);
  const [locked] = await allOf([allOf(locks), recomputeRollups(run, on, stale)]);
  const found = new Map(locked);
  const events: EventRow[] = [];
  for (const [key, modes] of judged)
    events.push(...(await judgeParents(run, on, key, modes, found.get(key)!, unmetBefore)));
  return events;
}

async function lockParents(
  run: Run,
  on: Queryable,
  key: string,
  stale: Stale,
  judged: Judged,
): Promise<Record<string, unknown>[]> {
  const object = run.context.catalog.objects.get(key)!;
  const ids = [...new Set([...(stale.get(key)?.ids ?? []), ...(judged.get(key)?.keys() ?? [])])].sort();
  const columns = judged.has(key) ? stagedColumns(object) : raw('t.id');
  return run.query(
    on,
    sql`SELECT ${columns} FROM ${ident('crm', key)} t WHERE t.id = ANY(${ids}::uuid[]) ORDER BY t.id FOR NO KEY UPDATE OF t`,
  );
}

const envOf = (run: Run, object: ObjectModel): CheckpointEnv =>
  checkpointEnv(run.context.catalog, object, scopeValuesOf(run.context), parseEnvOf(run.context));

const stagedColumns = (object: ObjectModel): Sql =>
  join([
    raw('t.id'),
    raw('t.version'),
    ident('t', object.stageField!),
    ident('t', object.pipelineField!),
    raw('t.last_open_stage'),
    raw('t.gaps'),
  ]);

const evidenceMemo = new WeakMap<Catalog, Map<string, Map<string, string[]>>>();

/** Child object → staged objects whose checkpoints it may be evidence for, with the links that lead there. */
function evidenceOf(run: Run): Map<string, Map<string, string[]>> {
  const { catalog } = run.context;
  let known = evidenceMemo.get(catalog);
  if (known) return known;
  known = new Map();
  for (const pipeline of catalog.pipelines.values()) {
    const object = catalog.objects.get(pipeline.object);
    if (!object?.stageField || !object.pipelineField) continue;
    const env = envOf(run, object);
    for (const child of new Set(pipeline.items.flatMap((item) => itemEvidence(item, env)))) {
      const links = [...(catalog.objects.get(child)?.fields.values() ?? [])]
        .filter((field) => !field.system && field.type.linkTo?.(field) === object.key)
        .map((field) => field.key);
      const parents = known.get(child) ?? new Map<string, string[]>();
      parents.set(object.key, links);
      known.set(child, parents);
    }
  }
  evidenceMemo.set(catalog, known);
  return known;
}

function evidenceParents(run: Run, rows: readonly Row[]): Pick<Evidence, 'judged' | 'own'> {
  const changed = new Set(rows.filter(isJudged).map((row) => row.id));
  const found = { judged: new Map(), own: new Map() } satisfies Record<string, Judged>;
  for (const row of rows) {
    for (const [parent, links] of evidenceOf(run).get(row.object.key) ?? []) {
      for (const link of links) {
        for (const id of linkedIds(row, link)) {
          const side: Judged = changed.has(id) ? found.own : found.judged;
          const lost = side.get(parent) ?? new Map<string, Set<string>>();
          const objects = lost.get(id) ?? new Set<string>();
          if (row.kind === 'update' || row.kind === 'archive') objects.add(row.object.key);
          lost.set(id, objects);
          side.set(parent, lost);
        }
      }
    }
  }
  return found;
}

/** Where a stored record stands, and what of it is to be looked at: gaps, and what those children may prove. */
function standingOf(
  run: Run,
  object: ObjectModel,
  stored: Record<string, unknown>,
  children: ReadonlySet<string>,
): (Standing & { version: number; gaps: string[] }) | undefined {
  const gaps = (stored['gaps'] ?? []) as string[];
  const pipeline = object.pipelines.find((one) => one.key === stored[object.pipelineField!]);
  const stage = pipeline?.stage(String(stored[object.stageField!]));
  if (!pipeline || !stage) return undefined;
  const env = envOf(run, object);
  return {
    id: stored['id'] as string,
    version: Number(stored['version']),
    gaps,
    pipeline,
    entry: gaps.includes(entryItem),
    items: requiredItems(pipeline, stage, stored['last_open_stage'] as string | null).filter(
      (item) => gaps.includes(item.id) || itemEvidence(item, env).some((child) => children.has(child)),
    ),
  };
}

async function judgeParents(
  run: Run,
  on: Queryable,
  key: string,
  lost: ReadonlyMap<string, ReadonlySet<string>>,
  found: readonly Record<string, unknown>[],
  unmetBefore: Evidence['unmetBefore'],
): Promise<EventRow[]> {
  const object = run.context.catalog.objects.get(key)!;
  const records = found.flatMap((stored) => {
    const children = lost.get(stored['id'] as string);
    const standing = children && standingOf(run, object, stored, children);
    return standing && (children.size > 0 || standing.gaps.length > 0) ? [standing] : [];
  });
  if (records.length === 0) return [];
  const unmet = await unmetItems(run, on, key, records);
  const today = todayIn({ now: run.now, timeZone: run.context.workspace.timeZone });
  const changed = records.flatMap((record) => {
    const byId = new Map(record.items.map((item) => [item.id, item]));
    const before = unmetBefore.get(record.id);
    const after = (unmet.get(record.id) ?? [])
      .filter((id) => record.gaps.includes(id) || !before?.has(id))
      .filter((id) => !byId.has(id) || enforced(byId.get(id)!, today))
      .sort();
    return sameValue([...record.gaps].sort(), after) ? [] : [{ ...record, after }];
  });
  await storeGaps(
    run,
    on,
    key,
    changed.map((record) => ({ id: record.id, gaps: record.after })),
  );
  return changed.map((record) => {
    const note: Record<string, unknown> = {};
    noteGaps(note, record.gaps, record.after);
    return { object: key, record: record.id, version: record.version, type: 'gaps', old: null, note };
  });
}
