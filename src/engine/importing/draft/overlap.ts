/** How much of what stands in a column are names of records that are known. */
import { fold } from '../../../core/conditions/fold.ts';
import type { ColumnProfile } from './column-profile.ts';
import type { KnownNames } from './known-names.ts';

export type Overlap = {
  where: string;
  by?: string;
  /** Of the different values of the column, from 0 to 1. */
  share: number;
  /** Values that are called so nowhere, most rows first, with the rows in which they stand. */
  unknown: [text: string, rows: number][];
  names: ReadonlyMap<string, string>;
  /** False: there are more names than were read. */
  whole: boolean;
};

/** The best of them; undefined where nothing is in common. */
export function overlapOf(profile: ColumnProfile, known: readonly KnownNames[]): Overlap | undefined {
  let best: Overlap | undefined;
  for (const { where, by, names, whole } of known) {
    let found = 0;
    for (const text of profile.seen) if (names.has(text)) found += 1;
    const share = profile.seen.size === 0 ? 0 : found / profile.seen.size;
    if (share <= (best?.share ?? 0)) continue;
    const unknown = profile.values.filter(([text]) => !names.has(fold(text)));
    best = { where, by, share, unknown, names, whole };
  }
  return best;
}
