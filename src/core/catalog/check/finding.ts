/** The findings that several parts of the catalog check share. */
import { issue, type Issue } from '../../errors/problem.ts';
import type { Catalog, FieldModel, ObjectModel } from '../catalog.ts';
import { nearest } from '../nearest.ts';

/** A name that leads nowhere, with the nearest one there is. */
export function dangling(
  path: string,
  what: string,
  name: string,
  known: Iterable<string>,
  otherwise: string,
): Issue {
  const found = nearest(name, known);
  return issue(
    path,
    `unknown_${what.replaceAll(' ', '_')}`,
    'There is no {what} “{name}”.',
    found ? 'Did you mean “{found}”?' : otherwise,
    { what, name, found },
  );
}

/** The living field, or the finding that there is none (it may be retired). */
export function fieldAt(object: ObjectModel, key: string, path: string): FieldModel | Issue {
  const field = object.fields.get(key);
  if (field) return field;
  if (object.retired.has(key)) {
    return issue(
      path,
      'retired_field',
      'The field “{key}” of {object} is retired.',
      'Name a living field, or bring it back.',
      {
        key,
        object: object.label.many,
      },
    );
  }
  return dangling(path, 'field', key, object.fields.keys(), `Add it to ${object.key}, or name another.`);
}

export const isIssue = (found: FieldModel | Issue): found is Issue => 'code' in found;

/** An owner is a role that exists or somebody's address. */
export function ownerIssues(owner: string, path: string, catalog: Catalog): Issue[] {
  if (owner.includes('@') || catalog.roles.has(owner)) return [];
  const found = nearest(owner, catalog.roles.keys());
  return [
    issue(
      path,
      'unknown_owner',
      '“{owner}” is neither a role nor an e-mail address, so nobody answers for this.',
      found ? 'Did you mean “{found}”?' : 'Name a role key or a person’s e-mail.',
      { owner, found },
    ),
  ];
}

/** It is stored as text. */
export const isText = (field: FieldModel): boolean => field.type.columns(field)[0]?.type === 'text';
