/** The objects of the navigation, by side of the house. */
import type { PublicCatalog, PublicObject } from '../../core/catalog/public-catalog.ts';

const order = ['sales', 'service', 'marketing', 'program', 'setup'] as const;
export type Side = (typeof order)[number];

/** What has a life of its own is worked with first; what serves other records (activities, tasks) comes last. */
const rank = (object: PublicObject): number => (object.stage_field ? 0 : object.serves ? 2 : 1);

/** Sides that have something the caller may read, each with its objects. */
export const sides = (catalog: PublicCatalog): { side: Side; objects: PublicObject[] }[] =>
  order
    .map((side) => ({
      side,
      objects: catalog.objects
        .filter((object) => object.side === side && object.may.read)
        .sort((a, b) => rank(a) - rank(b)),
    }))
    .filter(({ objects }) => objects.length > 0);

/** Letter that follows `g` for an object: the first of its own name that nobody before it has taken. */
export function goKeys(catalog: PublicCatalog): Map<string, string> {
  const taken = new Set<string>();
  const keys = new Map<string, string>();
  for (const object of sides(catalog).flatMap(({ objects }) => objects)) {
    const letter = [...object.key.replaceAll('_', '')].find((one) => !taken.has(one));
    if (letter === undefined) continue;
    taken.add(letter);
    keys.set(object.key, letter);
  }
  return keys;
}
