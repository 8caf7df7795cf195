/**
 * What a change of one record means for others: rollups to recompute on its parents, and checkpoints for which
 * it was evidence. Parents are locked in id order before anything is read from them.
 */
import type { Catalog, ItemModel } from '../../core/catalog/catalog.ts';
import { checkpointEnv } from '../../core/conditions/checkpoint-env.ts';
import { ident, join, raw, sql, type Queryable } from '../../core/sql/sql.ts';
import type { CheckpointEnv } from '../../core/kinds/checkpoint-kind.ts';
import { parseEnvOf, scopeValuesOf } from '../access/access.ts';
import type { EventRow } from '../events/append.ts';
import { enforced, entryItem, noteGaps, unmetItems } from './judge.ts';
import { todayIn } from './prepare.ts';
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

/** Brings parents up to date; gives the events of those whose gaps changed. Rows of the batch itself are judged elsewhere. */
export async function updateParents(run: Run, on: Queryable, rows: readonly Row[]): Promise<EventRow[]> {
  const stale = staleParents(run.context.catalog, rows);
  const judged = evidenceParents(run, rows);
  const objects = [...new Set([...stale.keys(), ...judged.keys()])].sort();
  if (objects.length === 0) return [];
  const found = new Map<string, Record<string, unknown>[]>();
  for (const key of objects) found.set(key, await lockParents(run, on, key, stale, judged));
  await recomputeRollups(run, on, stale);
  const events: EventRow[] = [];
  for (const [key, modes] of judged)
    events.push(...(await judgeParents(run, on, key, modes, found.get(key)!)));
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
  const staged = object.stageField && object.pipelineField && judged.has(key);
  const columns = staged
    ? [
        raw('t.id'),
        raw('t.version'),
        ident('t', object.stageField!),
        ident('t', object.pipelineField!),
        raw('t.last_open_stage'),
        raw('t.gaps'),
      ]
    : [raw('t.id')];
  return run.query(
    on,
    sql`SELECT ${join(columns)} FROM ${ident('crm', key)} t WHERE t.id = ANY(${ids}::uuid[]) ORDER BY t.id FOR NO KEY UPDATE OF t`,
  );
}

/** Objects whose records are an item's evidence, those that its fields are rolled up from included. */
function evidenceObjects(item: ItemModel, env: CheckpointEnv): string[] {
  const rolledUp = item.kind.fields(item.settings, env).flatMap((key) => {
    const field = env.object.fields.get(key);
    return field?.type.rollup?.(field).sources.map((source) => source.of) ?? [];
  });
  return [...item.kind.evidence(item.settings, env), ...rolledUp];
}

const evidenceMemo = new WeakMap<Catalog, Map<string, Map<string, string[]>>>();

/** Child object → staged objects whose checkpoints it may be evidence for, with the links that lead there. */
function evidenceOf(run: Run): Map<string, Map<string, string[]>> {
  const { catalog } = run.context;
  let known = evidenceMemo.get(catalog);
  if (known) return known;
  known = new Map();
  for (const pipeline of catalog.pipelines.values()) {
    const object = catalog.objects.get(pipeline.object);
    if (!object) continue;
    const env = checkpointEnv(catalog, object, scopeValuesOf(run.context), parseEnvOf(run.context));
    for (const child of new Set(pipeline.items.flatMap((item) => evidenceObjects(item, env)))) {
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

function evidenceParents(run: Run, rows: readonly Row[]): Judged {
  const own = new Set(
    rows.filter((row) => row.object.stageField && row.kind !== 'archive').map((row) => row.id),
  );
  const judged: Judged = new Map();
  for (const row of rows) {
    for (const [parent, links] of evidenceOf(run).get(row.object.key) ?? []) {
      for (const link of links) {
        for (const id of linkedIds(row, link)) {
          if (own.has(id) && row.companion) continue; // judged with its own move
          const lost = judged.get(parent) ?? new Map<string, Set<string>>();
          const objects = lost.get(id) ?? new Set<string>();
          if (row.kind !== 'create') objects.add(row.object.key);
          lost.set(id, objects);
          judged.set(parent, lost);
        }
      }
    }
  }
  return judged;
}

async function judgeParents(
  run: Run,
  on: Queryable,
  key: string,
  lost: ReadonlyMap<string, ReadonlySet<string>>,
  found: readonly Record<string, unknown>[],
): Promise<EventRow[]> {
  const object = run.context.catalog.objects.get(key)!;
  const env = checkpointEnv(run.context.catalog, object, scopeValuesOf(run.context), parseEnvOf(run.context));
  const records = found.flatMap((stored) => {
    const id = stored['id'] as string;
    const gaps = (stored['gaps'] ?? []) as string[];
    const children = lost.get(id);
    if (children === undefined || (children.size === 0 && gaps.length === 0)) return [];
    const pipeline = object.pipelines.find((one) => one.key === stored[object.pipelineField!]);
    const stage = pipeline?.stage(String(stored[object.stageField!]));
    if (!pipeline || !stage) return [];
    return [
      {
        id,
        version: Number(stored['version']),
        gaps,
        pipeline,
        entry: gaps.includes(entryItem),
        items: requiredItems(pipeline, stage, stored['last_open_stage'] as string | null).filter(
          (item) => gaps.includes(item.id) || evidenceObjects(item, env).some((child) => children.has(child)),
        ),
      },
    ];
  });
  if (records.length === 0) return [];
  const unmet = await unmetItems(run, on, key, records);
  const today = todayIn({ now: run.now, timeZone: run.context.workspace.timeZone });
  const changed = records.flatMap((record) => {
    const byId = new Map(record.items.map((item) => [item.id, item]));
    const after = (unmet.get(record.id) ?? [])
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
