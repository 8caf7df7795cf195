/** Roles and match rules: the objects and fields they name, and scopes that mean something there. */
import { checkCondition } from '../../conditions/check.ts';
import { verbs, type Grant, type RoleDefinition } from '../../definitions/role.ts';
import { issue, type Issue } from '../../errors/problem.ts';
import type { Catalog, ObjectModel } from '../catalog.ts';
import { dangling, fieldAt, isIssue, ownerIssues } from './finding.ts';

export const checkRoles = (catalog: Catalog): Issue[] =>
  [...catalog.roles].flatMap(([key, role]) => [
    ...ownerIssues(role.owner, `roles.${key}.owner`, catalog),
    ...Object.entries(role.grants).flatMap(([object, grant]) =>
      grantIssues(object, grant, role, `roles.${key}.grants.${object}`, catalog),
    ),
  ]);

function grantIssues(
  key: string,
  grant: Grant,
  role: RoleDefinition,
  path: string,
  catalog: Catalog,
): Issue[] {
  // `*` stands for every object that the role does not name.
  const objects =
    key === '*'
      ? [...catalog.objects.values()].filter((object) => !Object.hasOwn(role.grants, object.key))
      : [catalog.objects.get(key)].filter((object) => object !== undefined);
  if (key !== '*' && objects.length === 0) {
    return [dangling(path, 'object', key, catalog.objects.keys(), 'Name an object, or * for all others.')];
  }
  const issues: Issue[] = [];
  for (const field of Object.keys(grant.fields ?? {})) {
    if (
      objects.length === 0 ||
      objects.some((object) => object.fields.has(field) || object.retired.has(field))
    )
      continue;
    const known = objects.flatMap((object) => [...object.fields.keys()]);
    issues.push(dangling(`${path}.fields.${field}`, 'field', field, known, 'Name a field of the object.'));
  }
  for (const verb of verbs) {
    const scope = grant[verb];
    if (scope === undefined) continue;
    const several = Array.isArray(scope);
    (several ? scope : [scope]).forEach((one, index) => {
      const at = several ? `${path}.${verb}.${index}` : `${path}.${verb}`;
      if (typeof one !== 'string') {
        for (const object of objects) {
          const found = checkCondition(one, { catalog, object: object.key, place: 'role', path: at });
          issues.push(...found);
          if (found.length > 0) break;
        }
      } else if (key !== '*') issues.push(...wordIssues(one, objects[0]!, at, catalog));
    });
  }
  return issues;
}

/** A word that could never match would be a right that looks granted and is not. */
function wordIssues(word: string, object: ObjectModel, path: string, catalog: Catalog): Issue[] {
  const no = (message: string, fix: string): Issue[] => [
    issue(path, 'scope_without_meaning', message, fix, { word, object: object.label.many }),
  ];
  if ((word === 'own' || word === 'team') && object.ownerField === undefined) {
    return no(
      '{object} have no owner, so the scope “{word}” means nothing there.',
      'Name an owner_field at the object, or use all or a condition.',
    );
  }
  if (word === 'team' && catalog.serving.team === undefined) {
    return no(
      'No object serves as team, so the scope “{word}” means nothing.',
      'Write “serves: team” at the object that does.',
    );
  }
  if (word === 'linked' && (object.definition.follows ?? []).length === 0) {
    return no(
      '{object} follow no other record, so the scope “{word}” means nothing there.',
      'Name the links in follows at the object.',
    );
  }
  return [];
}

export const checkMatchRules = (catalog: Catalog): Issue[] =>
  [...catalog.matchRules].flatMap(([key, rule]) => {
    const path = `match_rules.${key}`;
    const issues = ownerIssues(rule.owner, `${path}.owner`, catalog);
    const object = catalog.objects.get(rule.object);
    if (!object) {
      return [
        ...issues,
        dangling(
          `${path}.object`,
          'object',
          rule.object,
          catalog.objects.keys(),
          'Name the object it is for.',
        ),
      ];
    }
    for (const sort of ['auto', 'review'] as const) {
      (rule[sort] ?? []).forEach((set, index) =>
        set.forEach((name, place) => {
          const at = `${path}.${sort}.${index}.${place}`;
          const field = fieldAt(object, name, at);
          if (isIssue(field)) issues.push(field);
          else if (
            !field.type.traits(field).includes('equatable') ||
            field.type.columns(field).length === 0
          ) {
            issues.push(
              issue(
                at,
                'wrong_field',
                'Records cannot be told to be one by “{label}”.',
                'Name a field that is stored and can be compared.',
                {
                  label: field.label,
                },
              ),
            );
          }
        }),
      );
    }
    return issues;
  });
