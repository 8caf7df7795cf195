/** The sort of a list as the API takes it (`-amount,name`), changed by a click on a column's head. */
export type Sort = { key: string; down: boolean };

export const readSort = (sort: string | undefined): Sort[] =>
  (sort ?? '')
    .split(',')
    .filter(Boolean)
    .map((part) => ({ key: part.replace(/^-/, ''), down: part.startsWith('-') }));

export const writeSort = (sort: readonly Sort[]): string | undefined =>
  sort.length === 0 ? undefined : sort.map(({ key, down }) => (down ? `-${key}` : key)).join(',');

/** Up, down, none; with `also` beside what is sorted already, as the next criterion. */
export function clickSort(sort: readonly Sort[], key: string, also: boolean): Sort[] {
  const now = sort.find((one) => one.key === key);
  const next: Sort[] = !now ? [{ key, down: false }] : now.down ? [] : [{ key, down: true }];
  if (!also) return next;
  return now ? sort.flatMap((one) => (one.key === key ? next : [one])) : [...sort, ...next];
}
