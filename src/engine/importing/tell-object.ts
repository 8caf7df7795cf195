/** Which object the rows of a file are records of: by what the file is called, else by its columns. */
import type { Catalog, ObjectModel } from '../../core/catalog/catalog.ts';
import { isProblem } from '../../core/errors/problem.ts';
import { bare, type ColumnMap } from './column-map.ts';

export type Told = { object: ObjectModel; by: 'name' | 'columns' };

/** `mapFor` maps the header to an object's fields, or throws. Undefined where two objects fit as well, or none. */
export function tellObject(
  catalog: Catalog,
  name: string,
  mapFor: (object: ObjectModel) => ColumnMap,
): Told | undefined {
  const fits = [...catalog.objects.values()].flatMap((object) => {
    const fit = fitOf(object, mapFor);
    return fit === 0 ? [] : [{ object, fit }];
  });
  const words = wordsOf(name);
  const called = fits
    .map(({ object }) => ({ object, ...lastNamed(object, words) }))
    .filter(({ end }) => end > 0)
    .sort((a, b) => b.end - a.end || b.length - a.length);
  const [first, second] = called;
  if (first && (!second || second.end < first.end || second.length < first.length))
    return { object: first.object, by: 'name' };
  const [best, next] = fits.sort((a, b) => b.fit - a.fit);
  if (best && best.fit >= 2 && best.fit - (next?.fit ?? 0) >= 1)
    return { object: best.object, by: 'columns' };
  return undefined;
}

/** How many columns fill a field, one more where none is missing that must be filled. */
function fitOf(object: ObjectModel, mapFor: (object: ObjectModel) => ColumnMap): number {
  try {
    const { columns } = mapFor(object);
    const filled = new Set(columns.map(({ field }) => field.key));
    const names = [...object.nameFields, object.oldIdField];
    // A single note or number says nothing about whose it is.
    if (columns.length < 2 && !names.some((key) => key !== undefined && filled.has(key))) return 0;
    const whole = [...object.fields.values()].every(
      (field) => !field.required || field.maintained || field.type.role || filled.has(field.key),
    );
    return columns.reduce((sum, { how }) => sum + (how === 'likeness' ? 0.5 : 1), whole ? 1 : 0);
  } catch (error) {
    if (isProblem(error)) return 0;
    throw error;
  }
}

/** `accountData_2024` → account, data. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .split(/[^\p{L}\p{M}]+/u)
    .filter((word) => word !== '');

/** Where the object is named last in the words: what stands last is what it is, `account contacts` are contacts. */
function lastNamed(
  { key, label, definition }: ObjectModel,
  words: readonly string[],
): { end: number; length: number } {
  const names = new Set([key, label.one, label.many, ...(definition.synonyms ?? [])].map(bare));
  for (let end = words.length; end > 0; end--) {
    for (let length = Math.min(3, end); length > 0; length--)
      if (names.has(bare(words.slice(end - length, end).join('')))) return { end, length };
  }
  return { end: 0, length: 0 };
}
