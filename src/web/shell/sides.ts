/** The objects of the navigation, by side of the house. */
import type { PublicCatalog, PublicObject } from '../../core/catalog/public-catalog.ts';

const order = ['sales', 'service', 'marketing', 'program', 'setup'] as const;
export type Side = (typeof order)[number];

/** Sides that have something the caller may read, each with its objects in the order of the catalog. */
export const sides = (catalog: PublicCatalog): { side: Side; objects: PublicObject[] }[] =>
  order
    .map((side) => ({ side, objects: catalog.objects.filter((object) => object.side === side && object.may.read) }))
    .filter(({ objects }) => objects.length > 0);

/** Letter that follows `g` for an object: the first of its own name that nobody before it has taken. */
export function goKeys(catalog: PublicCatalog): Map<string, string> {
  const taken = new Set<string>();
  const keys = new Map<string, string>();
  // What has a life of its own is gone to most often, and has the first choice.
  const objects = sides(catalog).flatMap(({ objects }) => objects);
  for (const object of [...objects.filter((one) => one.stage_field), ...objects.filter((one) => !one.stage_field)]) {
    const letter = [...object.key.replaceAll('_', '')].find((one) => !taken.has(one));
    if (letter === undefined) continue;
    taken.add(letter);
    keys.set(object.key, letter);
  }
  return keys;
}
