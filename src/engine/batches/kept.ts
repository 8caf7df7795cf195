/** What an undo kept, as the caller may see it: the record by name, the field by label, what stands there now, and why. */
import type { Context } from '../../core/context/context.ts';
import { accessOf } from '../access/access.ts';
import { list } from '../read/list.ts';
import { listBatchProblems, type StoredProblem } from './problems.ts';

export type Kept = {
  object: string;
  id: string;
  /** Null where the caller may not see the record. */
  name: string | null;
  /** None: the whole record. */
  field?: string;
  label?: string;
  /** What stands there now; left out where the caller may not see it. */
  present?: unknown;
  why: string;
  /** Who changed it since, and when. */
  by?: string;
  at?: string;
};

/** Page by page, at most 200. Throws 404 for a batch that the caller may not see. */
export async function listKept(
  context: Context,
  input: { batch: string; after?: number; limit: number },
): Promise<{ data: Kept[]; next: number | null }> {
  const page = await listBatchProblems(context, input);
  const kept = page.data.filter((one) => one.code === 'kept');
  const records = await recordsOf(context, kept);
  return { data: kept.map((one) => keptOf(context, one, records.get(one.record!))), next: page.next };
}

type Records = Map<string, Record<string, unknown>>;

async function recordsOf(context: Context, kept: readonly StoredProblem[]): Promise<Records> {
  const access = accessOf(context);
  const records: Records = new Map();
  for (const [key, problems] of Map.groupBy(kept, (one) => one.object!)) {
    const object = access.may('read', key) ? context.catalog.objects.get(key) : undefined;
    if (!object) continue;
    const seen = [...object.nameFields, ...problems.flatMap(({ field }) => field ?? [])].filter(
      (field) => object.fields.has(field) && access.field(key, field) !== 'hidden',
    );
    const { data } = await list(context, {
      object: key,
      where: { id: { in: [...new Set(problems.map(({ record }) => record!))] } },
      archived: 'include',
      fields: ['id', ...new Set(seen)],
      limit: 200,
    });
    for (const record of data) records.set(record['id'] as string, record);
  }
  return records;
}

function keptOf(context: Context, problem: StoredProblem, record: Record<string, unknown> | undefined): Kept {
  const object = context.catalog.objects.get(problem.object!);
  const { field } = problem;
  const found = problem.errors[0] as StoredProblem['errors'][number] & { by?: string; at?: string };
  const name = object?.nameFields.flatMap((key) => record?.[key] ?? []).join(' ');
  return {
    object: problem.object!,
    id: problem.record!,
    name: name === undefined || name === '' ? null : name,
    ...(field === null ? {} : { field, label: object?.fields.get(field)?.label ?? field }),
    ...(field !== null && record && field in record ? { present: record[field] } : {}),
    why: found.message,
    ...(found.by === undefined ? {} : { by: found.by }),
    ...(found.at === undefined ? {} : { at: found.at }),
  };
}
