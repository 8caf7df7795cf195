/** What the addresses of pages carry behind the question mark; what is not understood is dropped. */
import type { Condition } from './api/records.ts';

export type TableSearch = {
  where?: Condition;
  q?: string;
  sort?: string;
  columns?: string;
  peek?: string;
};

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined;

export const tableSearch = (search: Record<string, unknown>): TableSearch => ({
  where:
    typeof search['where'] === 'object' && search['where'] !== null && !Array.isArray(search['where'])
      ? (search['where'] as Condition)
      : undefined,
  q: text(search['q']),
  sort: text(search['sort']),
  columns: text(search['columns']),
  peek: text(search['peek']),
});

/** Where to go after signing in; only addresses of this app. */
export const signInSearch = (search: Record<string, unknown>): { to?: string } => {
  const to = text(search['to']);
  return to && to.startsWith('/') && !to.startsWith('//') && !to.startsWith('/\\') ? { to } : {};
};
