/** Records over HTTP: reading lists and single ones, and every change of them. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import { request } from './request.ts';

export type CrmRecord = { id: string; version?: number } & Record<string, unknown>;
export type LinkValue = { id: string; name: string };
/** A condition in the API's own language. */
export type Condition = Record<string, unknown>;

export type ListParams = {
  where?: Condition;
  q?: string;
  sort?: string;
  limit?: number;
  fields?: readonly string[];
  archived?: 'include' | 'only';
};

export type Page = { data: CrmRecord[]; next_cursor: string | null; total?: number };

/** One line of history; `changes` holds canonical values (a link as its id). */
export type HistoryLine = {
  version: number;
  at: string;
  type: string;
  actor_name: string;
  channel: string;
  changes: Readonly<Record<string, { from: unknown; to: unknown }>>;
  note?: Record<string, unknown>;
};

type HistoryPage = { data: HistoryLine[]; next_cursor: string | null };

/** A longer address than this is sent as a body: proxies cut addresses at 8 kB and less. */
const longestAddress = 1800;

export function listRecords(
  object: string,
  params: ListParams & { cursor?: string; count?: 'exact' },
  signal?: AbortSignal,
) {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined || value === '') continue;
    search.set(
      key,
      Array.isArray(value)
        ? value.join(',')
        : typeof value === 'object'
          ? JSON.stringify(value)
          : String(value),
    );
  }
  const address = `/${object}?${search}`;
  if (address.length <= longestAddress) return request<Page>('GET', address, { signal });
  return request<Page>('POST', `/${object}/query`, { body: params, signal });
}

/** One page of a list; `cursor` is null for the first. */
export const pageQuery = (object: string, params: ListParams, cursor: string | null) =>
  queryOptions({
    queryKey: ['records', object, 'page', params, cursor],
    queryFn: ({ signal }) => listRecords(object, { ...params, cursor: cursor ?? undefined }, signal),
    gcTime: 60_000,
  });

/** How many records a list has in all. */
export const countQuery = (object: string, params: Pick<ListParams, 'where' | 'q' | 'archived'>) =>
  queryOptions({
    queryKey: ['records', object, 'count', params],
    queryFn: async ({ signal }) =>
      (await listRecords(object, { ...params, limit: 1, fields: ['id'], count: 'exact' }, signal)).total ??
      null,
  });

export const recordQuery = (object: string, id: string) =>
  queryOptions({
    queryKey: ['record', object, id],
    queryFn: ({ signal }) => request<CrmRecord>('GET', `/${object}/${id}?archived=include`, { signal }),
  });

/** What happened to a record, newest first, page by page. */
export const historyQuery = (object: string, id: string) =>
  infiniteQueryOptions({
    queryKey: ['history', object, id],
    queryFn: ({ pageParam, signal }) =>
      request<HistoryPage>(
        'GET',
        `/${object}/${id}/history?limit=30${pageParam ? `&cursor=${pageParam}` : ''}`,
        {
          signal,
        },
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor,
  });

/** `again` creates although the server believes that the record exists already. */
export const createRecord = (object: string, values: Record<string, unknown>, again = false) =>
  request<CrmRecord>('POST', `/${object}${again ? '?duplicates=allow' : ''}`, { body: values });

export const changeRecord = (object: string, id: string, set: Record<string, unknown>, version?: number) =>
  request<CrmRecord>('PATCH', `/${object}/${id}`, { body: set, version });

export const archiveRecord = (object: string, id: string) => request<unknown>('DELETE', `/${object}/${id}`);

export const restoreRecord = (object: string, id: string) =>
  request<unknown>('POST', `/${object}/${id}/restore`);

export type AdvanceInput = {
  to: string;
  set?: Record<string, unknown>;
  activity?: Record<string, unknown>;
  task?: Record<string, unknown>;
  files?: readonly unknown[];
  reason?: string;
  override_reason?: string;
};

/** Moves a record to a stage, with what its checkpoint asks for, in one transaction. */
export const advanceRecord = (object: string, id: string, input: AdvanceInput) =>
  request<CrmRecord>('POST', `/${object}/${id}/advance`, { body: input });

export type Found = { object: string; id: string; name: string };

/** Records whose search text holds the words, over all objects one may read. */
export const searchQuery = (text: string) =>
  queryOptions({
    queryKey: ['search', text],
    queryFn: ({ signal }) =>
      request<{ data: Found[] }>('GET', `/search?q=${encodeURIComponent(text)}`, { signal }),
    enabled: text.trim().length > 0,
    staleTime: 10_000,
  });

type Measure = { fn: 'sum' | 'avg' | 'min' | 'max'; field: string };

/** Figures over all that a list holds, e.g. `sum_amount`; money in the reporting currency. */
export const summaryQuery = (
  object: string,
  params: Pick<ListParams, 'where' | 'q'>,
  measures: readonly Measure[],
) =>
  queryOptions({
    queryKey: ['records', object, 'summary', params, measures],
    queryFn: async ({ signal }) =>
      (
        await request<{ data: Record<string, unknown>[] }>('POST', `/${object}/summary`, {
          body: { ...params, measures },
          signal,
        })
      ).data[0],
    enabled: measures.length > 0,
  });

/** Keeps a file; answers the id by which fields and moves name it. */
export function uploadFile(file: File): Promise<{ id: string; name?: string }> {
  const body = new FormData();
  body.append('file', file, file.name);
  return request('POST', '/files', { body });
}
