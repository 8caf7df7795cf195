/**
 * Changes of records as the pages make them: shown at once, taken back with the reason when refused.
 * Nothing is decided here; what may be changed the server says.
 */
import { useMutation, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { problemOf } from './request.ts';
import {
  advanceRecord,
  archiveRecord,
  changeRecord,
  createRecord,
  recordQuery,
  restoreRecord,
  type AdvanceInput,
  type CrmRecord,
  type Page,
} from './records.ts';

/** Lists, counts and histories that a change of the object may have touched are read again. */
export function refresh(client: QueryClient, object: string, id?: string): void {
  void client.invalidateQueries({ queryKey: ['records', object] });
  void client.invalidateQueries({ queryKey: ['pick', object] });
  if (id) {
    void client.invalidateQueries({ queryKey: ['record', object, id] });
    void client.invalidateQueries({ queryKey: ['history', object, id] });
  }
}

/** Writes what is known of a record into every list and page that shows it. Gives back how to undo that. */
function show(client: QueryClient, object: string, id: string, patch: Record<string, unknown>): () => void {
  const before = client.getQueriesData<unknown>({ queryKey: ['records', object, 'page'] });
  const single = client.getQueryData<CrmRecord>(recordQuery(object, id).queryKey);
  client.setQueriesData<Page>({ queryKey: ['records', object, 'page'] }, (page) =>
    page && page.data.some((record) => record.id === id)
      ? { ...page, data: page.data.map((record) => (record.id === id ? { ...record, ...patch } : record)) }
      : page,
  );
  if (single) client.setQueryData(recordQuery(object, id).queryKey, { ...single, ...patch });
  return () => {
    for (const [key, data] of before) client.setQueryData(key, data);
    if (single) client.setQueryData(recordQuery(object, id).queryKey, single);
  };
}

export type FieldChange = {
  /** The record as it was on the screen. */
  base: CrmRecord;
  key: string;
  /** As the API reads it, to be shown at once. */
  value: unknown;
  /** As the API takes it. */
  written: unknown;
};

/** Saved, or somebody else has changed the same field meanwhile: then their record. */
export type ChangeOutcome = { saved: CrmRecord } | { theirs: CrmRecord };

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);

/**
 * Saves one field against the version on the screen. Where somebody changed other fields meanwhile, it is
 * saved on top of theirs; only where the same field differs are both shown.
 */
async function changeField(client: QueryClient, object: string, change: FieldChange): Promise<ChangeOutcome> {
  const { base, key, written } = change;
  try {
    return { saved: await changeRecord(object, base.id, { [key]: written }, base.version) };
  } catch (error) {
    if (problemOf(error).status !== 412) throw error;
    const theirs = await client.query({ ...recordQuery(object, base.id), staleTime: 0 });
    if (!same(theirs[key], base[key])) return { theirs };
    return { saved: await changeRecord(object, base.id, { [key]: written }, theirs.version) };
  }
}

export function useChangeField(object: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: FieldChange) => changeField(client, object, change),
    onMutate: (change) => show(client, object, change.base.id, { [change.key]: change.value }),
    onError: (_error, _change, takeBack) => takeBack?.(),
    onSuccess: (outcome, change, takeBack) => {
      if ('saved' in outcome) show(client, object, change.base.id, outcome.saved);
      else takeBack();
    },
    onSettled: (_outcome, _error, change) => refresh(client, object, change.base.id),
  });
}

export function useCreateRecord(object: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { values: Record<string, unknown>; again?: boolean }) =>
      createRecord(object, input.values, input.again),
    onSuccess: () => refresh(client, object),
  });
}

export function useAdvance(object: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...input }: AdvanceInput & { id: string }) => advanceRecord(object, id, input),
    onSuccess: (record) => show(client, object, record.id, record),
    // The move may have written activities, tasks and files too: every list may show something new.
    onSettled: (_record, _error, { id }) => {
      void client.invalidateQueries({ queryKey: ['records'] });
      refresh(client, object, id);
    },
  });
}

/** Archives or brings back several records, one call each; answers those that were refused. */
async function each(ids: readonly string[], act: (id: string) => Promise<unknown>) {
  const refused: { id: string; error: unknown }[] = [];
  for (const id of ids) {
    try {
      await act(id);
    } catch (error) {
      refused.push({ id, error });
    }
  }
  return { done: ids.filter((id) => !refused.some((one) => one.id === id)), refused };
}

export function useArchive(object: string) {
  const client = useQueryClient();
  const settled = (ids: readonly string[]) => {
    refresh(client, object);
    for (const id of ids) refresh(client, object, id);
  };
  const archive = useMutation({
    mutationFn: (ids: readonly string[]) => each(ids, (id) => archiveRecord(object, id)),
    onSettled: (_result, _error, ids) => settled(ids),
  });
  const restore = useMutation({
    mutationFn: (ids: readonly string[]) => each(ids, (id) => restoreRecord(object, id)),
    onSettled: (_result, _error, ids) => settled(ids),
  });
  return { archive, restore };
}
