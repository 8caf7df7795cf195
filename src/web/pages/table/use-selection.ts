/** The rows that are chosen, by id; with shift from the last one chosen to this one. */
import { useMemo, useState } from 'react';

export type Selection = {
  ids: readonly string[];
  size: number;
  has(id: string): boolean;
  toggle(id: string, row: number, range: boolean): void;
  add(ids: readonly string[]): void;
  clear(): void;
};

export function useSelection(idAt: (row: number) => string | undefined): Selection {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [last, setLast] = useState<number>();
  return useMemo(
    () => ({
      ids: [...chosen],
      size: chosen.size,
      has: (id) => chosen.has(id),
      toggle: (id, row, range) => {
        const next = new Set(chosen);
        const on = !chosen.has(id);
        const from = range && last !== undefined ? Math.min(last, row) : row;
        const to = range && last !== undefined ? Math.max(last, row) : row;
        for (let at = from; at <= to; at++) {
          const one = at === row ? id : idAt(at);
          if (one === undefined) continue;
          if (on) next.add(one);
          else next.delete(one);
        }
        setLast(row);
        setChosen(next);
      },
      add: (ids) => setChosen(new Set([...chosen, ...ids])),
      clear: () => setChosen(new Set()),
    }),
    [chosen, last, idAt],
  );
}
