/** How alike two words are, from 0 to 1: by edits and by the groups of three letters that they share. */
import { edits } from '../../../core/catalog/nearest.ts';
import { bare } from '../column-map.ts';

export type Nearest<T> = { one: T; score: number };

/** The one of `known` that is most alike; of texts that differ in their numbers none is. */
export function nearestOf<T>(text: string, known: readonly T[], namesOf: (one: T) => readonly string[]) {
  let best: Nearest<T> | undefined;
  for (const one of known) {
    const score = Math.max(0, ...namesOf(one).map((name) => alike(text, name)));
    if (score > (best?.score ?? 0)) best = { one, score };
  }
  return best;
}

export function alike(a: string, b: string): number {
  const [x, y] = [bare(a).slice(0, 60), bare(b).slice(0, 60)];
  if (x === '' || y === '') return 0;
  if (x === y) return 1;
  if (x.replace(/\D/g, '') !== y.replace(/\D/g, '')) return 0;
  return Math.min(0.99, Math.max(1 - edits(x, y) / Math.max(x.length, y.length), shared(x, y)));
}

/** Share of groups of three letters that both have. */
function shared(a: string, b: string): number {
  const [x, y] = [groups(a), groups(b)];
  return (2 * [...x].filter((group) => y.has(group)).length) / (x.size + y.size);
}

function groups(text: string): Set<string> {
  const padded = `  ${text} `;
  return new Set(Array.from({ length: padded.length - 2 }, (_, at) => padded.slice(at, at + 3)));
}
