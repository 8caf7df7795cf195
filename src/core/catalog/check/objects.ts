/** Objects: their keys, their name, search, owner and follows fields, and how other objects link to them. */
import { groupWords } from '../../conditions/grammar.ts';
import { issue, type Issue } from '../../errors/problem.ts';
import type { Catalog, FieldModel, ObjectModel } from '../catalog.ts';
import { circles } from './circles.ts';
import { checkField } from './fields.ts';
import { dangling, fieldAt, isIssue, isText, ownerIssues } from './finding.ts';

/** Words of the API’s addresses: an object of this key could not be reached. */
const reserved = new Set([
  'session',
  'setup',
  'keys',
  'docs',
  'bulk',
  'search',
  'imports',
  'exports',
  'batches',
  'revaluations',
  'catalog',
  'files',
  'me',
  'openapi',
]);
const bytes = new TextEncoder();

export function checkObjects(catalog: Catalog): Issue[] {
  return [
    ...[...catalog.objects.values()].flatMap((object) => checkObject(object, catalog)),
    ...servingTwice(catalog),
    ...reverseNames(catalog),
    ...followCircles(catalog),
  ];
}

function checkObject(object: ObjectModel, catalog: Catalog): Issue[] {
  const path = `objects.${object.key}`;
  const { definition } = object;
  const issues = ownerIssues(definition.owner, `${path}.owner`, catalog);
  if (reserved.has(object.key) || (groupWords as readonly string[]).includes(object.key)) {
    issues.push(
      issue(
        path,
        'reserved_word',
        '“{key}” is a word of the API and cannot be an object.',
        'Choose another key.',
        {
          key: object.key,
        },
      ),
    );
  }
  if (bytes.encode(object.key).length > 48) {
    issues.push(issue(path, 'name_too_long', 'An object’s key has at most 48 bytes.', 'Shorten it.'));
  }
  const needs = (
    keys: readonly string[],
    at: string,
    holds: (field: FieldModel) => boolean,
    what: string,
  ): void => {
    keys.forEach((key, index) => {
      const here = keys.length === 1 ? at : `${at}.${index}`;
      const found = fieldAt(object, key, here);
      if (isIssue(found)) issues.push(found);
      else if (!holds(found)) {
        issues.push(
          issue(here, 'wrong_field', '“{label}” cannot be used here: {what}.', 'Name another field.', {
            label: found.label,
            what,
          }),
        );
      }
    });
  };
  needs(object.nameFields, `${path}.name`, isText, 'a record is called by text that is stored');
  if (definition.search) {
    needs(
      definition.search,
      `${path}.search`,
      (field) => field.type.searchText !== undefined,
      'it gives no text to search',
    );
  }
  if (definition.owner_field !== undefined) {
    const users = catalog.serving.user;
    const pointsToUser = (field: FieldModel) => users !== undefined && field.type.linkTo?.(field) === users;
    needs([definition.owner_field], `${path}.owner_field`, pointsToUser, 'an owner is a user');
  }
  if (definition.old_id_field !== undefined) {
    needs([definition.old_id_field], `${path}.old_id_field`, isText, 'an old id is text that is stored');
  }
  if (definition.follows) {
    needs(
      definition.follows,
      `${path}.follows`,
      (field) => field.type.linkTo !== undefined,
      'only a link can be followed',
    );
  }
  for (const field of [...object.fields.values(), ...object.retired.values()]) {
    if (!field.system) issues.push(...checkField(field, object, catalog));
  }
  return issues;
}

function servingTwice(catalog: Catalog): Issue[] {
  const first = new Map<string, string>();
  return [...catalog.objects.values()].flatMap(({ key, definition: { serves } }) => {
    if (!serves) return [];
    const other = first.get(serves);
    if (other === undefined) {
      first.set(serves, key);
      return [];
    }
    return [
      issue(
        `objects.${key}.serves`,
        'serves_twice',
        '“{other}” already serves as {serves}.',
        'Let one object serve.',
        {
          other,
          serves,
        },
      ),
    ];
  });
}

/** Two links may not give one name, and no field may have the name of related records. */
function reverseNames(catalog: Catalog): Issue[] {
  const issues: Issue[] = [];
  const names = new Map<string, string>();
  for (const object of catalog.objects.values()) {
    const links = [...object.fields.values()].filter((field) => !field.system && field.type.linkTo);
    for (const field of links) {
      const target = catalog.objects.get(field.type.linkTo!(field));
      if (!target) continue;
      const twice = links.some((other) => other !== field && other.type.linkTo!(other) === target.key);
      const name = twice ? `${object.key}_by_${field.key}` : object.key;
      const path = `objects.${object.key}.fields.${field.key}`;
      const taken = names.get(`${target.key}.${name}`);
      if (taken !== undefined) {
        issues.push(
          issue(
            path,
            'name_taken',
            'Related records of {target} would be called “{name}” twice, here and by {taken}.',
            'Rename one of the two.',
            {
              target: target.label.many,
              name,
              taken,
            },
          ),
        );
      } else if (target.fields.has(name)) {
        issues.push(
          issue(
            path,
            'name_taken',
            '{target} have a field “{name}”, which is also the name of these related records.',
            'Rename the field.',
            {
              target: target.label.many,
              name,
            },
          ),
        );
      }
      names.set(`${target.key}.${name}`, `${object.key}.${field.key}`);
    }
  }
  return issues;
}

/** Who may read a record by what it follows must come to an end. */
function followCircles(catalog: Catalog): Issue[] {
  const next = (key: string): string[] => {
    const object = catalog.objects.get(key);
    return (object?.definition.follows ?? []).flatMap((name) => {
      const field = object!.fields.get(name);
      const target = field?.type.linkTo?.(field);
      return target === undefined ? [] : [target];
    });
  };
  return circles([...catalog.objects.keys()], next).map((way) =>
    issue(
      `objects.${way[0]!}.follows`,
      'follows_circle',
      'Following comes back to where it began: {way}.',
      'Take one link out of follows.',
      {
        way: way.join(' → '),
      },
    ),
  );
}

/** Lists: values and what they were merged into. */
export function checkLists(catalog: Catalog): Issue[] {
  return [...catalog.lists].flatMap(([key, list]) => {
    const path = `lists.${key}`;
    const issues = ownerIssues(list.owner, `${path}.owner`, catalog);
    const seen = new Set<string>();
    list.values.forEach((value, index) => {
      const at = `${path}.values.${index}`;
      if (value.owner !== undefined) issues.push(...ownerIssues(value.owner, `${at}.owner`, catalog));
      if (seen.has(value.key)) {
        issues.push(
          issue(`${at}.key`, 'twice', '“{key}” stands in this list twice.', 'Give one of them another key.', {
            key: value.key,
          }),
        );
      }
      seen.add(value.key);
    });
    const into = new Map(list.values.map((value) => [value.key, value.merged_into]));
    list.values.forEach((value, index) => {
      const at = `${path}.values.${index}.merged_into`;
      if (value.merged_into !== undefined && !into.has(value.merged_into)) {
        issues.push(dangling(at, 'value', value.merged_into, into.keys(), 'Name a value of this list.'));
      }
    });
    const next = (node: string) => [into.get(node)].filter((one) => one !== undefined);
    for (const way of circles([...into.keys()], next)) {
      issues.push(
        issue(path, 'merge_circle', 'Values are merged in a circle: {way}.', 'Let one of them stay.', {
          way: way.join(' → '),
        }),
      );
    }
    return issues;
  });
}
