/** A refused move, read as the things one small form can ask for. */
import type { PublicCatalog, PublicField, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { Issue } from '../../core/errors/problem.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { fieldOf, objectServing } from '../api/catalog.ts';

/** Parts of `advance` that are records of their own, and the object each becomes. */
export const companions = { activity: 'activity', task: 'task', file: 'document' } as const;
export type Companion = keyof typeof companions;

export type Missing = {
  id: string;
  issue: Issue;
  /** Fields of the record itself, with what the server proposes. */
  set: { field: PublicField; proposed: unknown }[];
  /** A record to be written along: the values that are given, and the fields that are asked. */
  companion?: { part: Companion; object: PublicObject; given: Record<string, unknown>; ask: PublicField[] };
  /** A sentence is asked: why one goes back, closes, reopens. */
  reason: boolean;
};

/** One entry per finding, in the server's order; what no form can fill has nothing to ask. */
export function missingItems(
  errors: readonly Issue[],
  catalog: PublicCatalog,
  object: PublicObject,
): Missing[] {
  const seen = new Set<string>();
  return errors.map((issue, index) => {
    const set = proposals(issue.fix.set).flatMap(([key, proposed]) => {
      const field = fieldOf(object, key);
      if (!field || field.may !== 'edit' || seen.has(key)) return [];
      seen.add(key);
      return [{ field, proposed }];
    });
    return {
      id: `missing-${index}`,
      issue,
      set,
      companion: companionOf(issue, catalog, object),
      reason: issue.path === 'reason',
    };
  });
}

/** Whether the form can answer it; what it cannot is said in words. */
export const canAnswer = (missing: Missing): boolean =>
  missing.set.length > 0 || missing.companion !== undefined || missing.reason;

const proposals = (set: Issue['fix']['set']): [string, unknown][] => {
  if (!set) return [];
  return Array.isArray(set) ? set.map((key: string) => [key, null]) : Object.entries(set);
};

function companionOf(issue: Issue, catalog: PublicCatalog, from: PublicObject): Missing['companion'] {
  for (const part of Object.keys(companions) as Companion[]) {
    const given = issue.fix[part];
    if (!given) continue;
    const object = objectServing(catalog, companions[part]);
    if (!object) continue;
    const asked = object.fields.filter(
      (field) =>
        field.may === 'edit' &&
        field.link_to !== from.key &&
        (given[field.key] === null ||
          (part === 'file' ? viewOf(field).holdsFile : field.required && given[field.key] === undefined)),
    );
    const known = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));
    return { part, object, given: known, ask: asked };
  }
  return undefined;
}
