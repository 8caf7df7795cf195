/** Fields: names, what is required of them, what they point to, where rollups and computed fields come from. */
import { checkComputed, checkCondition } from '../../conditions/check.ts';
import { groupWords } from '../../conditions/grammar.ts';
import { computedReads, conditionReads } from '../../conditions/reads.ts';
import { neutralParse } from '../../conditions/scope.ts';
import { fill, issue, type Issue } from '../../errors/problem.ts';
import type { Rollup } from '../../kinds/field-type.ts';
import type { Catalog, FieldModel, ObjectModel } from '../catalog.ts';
import { companionColumns, stagedSystemFields, systemFields } from '../system-fields.ts';
import { circles } from './circles.ts';
import { dangling, ownerIssues } from './finding.ts';

const reserved = new Set<string>([
  ...Object.keys(systemFields),
  ...Object.keys(stagedSystemFields),
  ...companionColumns.map((column) => column.name),
  ...groupWords,
]);
const bytes = new TextEncoder();

export function checkField(field: FieldModel, object: ObjectModel, catalog: Catalog): Issue[] {
  const path = `objects.${object.key}.fields.${field.key}`;
  const issues = nameIssues(field, path);
  if (!object.fields.has(field.key)) return issues;
  issues.push(
    ...ownerIssues(field.definition.owner, `${path}.owner`, catalog),
    ...promiseIssues(field, path, catalog),
  );
  const own = field.type.check?.(field, catalog) ?? [];
  issues.push(...own);
  if (own.length === 0) issues.push(...targetIssues(field, path, catalog));
  const rollup = field.type.rollup?.(field);
  if (rollup) issues.push(...rollupIssues(rollup, field, path, catalog));
  if (field.type.computed) issues.push(...checkComputed(field, { catalog, path }));
  return issues;
}

function nameIssues(field: FieldModel, path: string): Issue[] {
  const issues: Issue[] = [];
  if (reserved.has(field.key)) {
    issues.push(
      issue(
        path,
        'reserved_word',
        '“{key}” is a word of the CRM and cannot be a field.',
        'Choose another key.',
        {
          key: field.key,
        },
      ),
    );
  }
  const long = field.type.columns(field).find((column) => bytes.encode(column.name).length > 63);
  if (long || bytes.encode(field.key).length > 48) {
    issues.push(issue(path, 'name_too_long', 'A field’s key has at most 48 bytes.', 'Shorten it.'));
  }
  return issues;
}

/** required, unique, indexed, default: what the definition promises and the type must be able to keep. */
function promiseIssues(field: FieldModel, path: string, catalog: Catalog): Issue[] {
  const issues: Issue[] = [];
  const { definition, type, label } = field;
  const stored = type.columns(field).length > 0;
  const no = (key: string, code: string, message: string, fix: string): void => {
    issues.push(issue(`${path}.${key}`, code, message, fix, { label }));
  };
  if (field.required && !definition.required_by) {
    no(
      'required_by',
      'required_by_missing',
      '“{label}” is required, but nothing is named that needs it.',
      'Say in required_by what needs it, or leave it optional.',
    );
  }
  if (field.required && field.maintained) {
    no(
      'required',
      'maintained',
      '“{label}” is worked out by the CRM, so nobody can be required to fill it in.',
      'Take required away.',
    );
  }
  const comparable = stored && !field.maintained && type.traits(field).includes('equatable');
  if (field.unique && !comparable) {
    no(
      'unique',
      'cannot_be_unique',
      '“{label}” is of a kind whose values cannot be told to be one.',
      'Take unique away.',
    );
  }
  if (field.indexed && !stored) {
    no('indexed', 'cannot_be_indexed', '“{label}” is not stored, so it has no index.', 'Take indexed away.');
  }
  if (definition.default === undefined) return issues;
  if (field.maintained) {
    no(
      'default',
      'maintained',
      '“{label}” is worked out by the CRM and takes no default.',
      'Take the default away.',
    );
    return issues;
  }
  const parsed = type.parse(definition.default, field, neutralParse(catalog));
  if (!parsed.ok) {
    issues.push(
      issue(
        `${path}.default`,
        parsed.code,
        fill(parsed.message, parsed.params),
        fill(parsed.fix, parsed.params),
      ),
    );
  }
  return issues;
}

function targetIssues(field: FieldModel, path: string, catalog: Catalog): Issue[] {
  const issues: Issue[] = [];
  const list = field.type.listOf?.(field);
  if (list !== undefined && !catalog.lists.has(list)) {
    issues.push(
      dangling(`${path}.list`, 'list', list, catalog.lists.keys(), 'Add the list, or name another.'),
    );
  }
  const target = field.type.linkTo?.(field);
  if (target !== undefined && !catalog.objects.has(target)) {
    issues.push(
      dangling(path, 'object', target, catalog.objects.keys(), 'Add the object, or link to another.'),
    );
  }
  return issues;
}

/** Links and measured fields are the type's own to check; here it is what its conditions say. */
function rollupIssues(rollup: Rollup, field: FieldModel, path: string, catalog: Catalog): Issue[] {
  const several = Array.isArray(field.definition.sources);
  return rollup.sources.flatMap((source, index) =>
    source.where === undefined || !catalog.objects.has(source.of)
      ? []
      : checkCondition(source.where, {
          catalog,
          object: source.of,
          place: 'rollup',
          path: several ? `${path}.sources.${index}.where` : `${path}.where`,
        }),
  );
}

/** Rollups that come, over other rollups, from themselves. */
export function rollupCircles(catalog: Catalog): Issue[] {
  const rollups = new Map<string, FieldModel>();
  for (const object of catalog.objects.values()) {
    for (const field of object.fields.values())
      if (field.type.rollup) rollups.set(`${object.key}.${field.key}`, field);
  }
  const next = (node: string): string[] => {
    const rollup = rollups.get(node)!;
    const read = rollup.type.rollup!(rollup).sources.flatMap((source) => {
      const child = catalog.objects.get(source.of);
      if (!child) return [];
      const measured = source.field === undefined ? undefined : child.fields.get(source.field);
      const fields = measured?.type.computed
        ? [...computedReads(measured, catalog).fields]
        : measured
          ? [measured.key]
          : [];
      const where = { catalog, object: child.key, place: 'rollup' } as const;
      const asked = source.where === undefined ? [] : conditionReads(source.where, where).fields;
      return [...fields, ...asked].map((key) => `${child.key}.${key}`);
    });
    return read.filter((name) => rollups.has(name));
  };
  return circles([...rollups.keys()], next).map((way) =>
    issue(
      `objects.${way[0]!.replace('.', '.fields.')}`,
      'rollup_circle',
      'This rollup comes from itself: {way}.',
      'Break the circle at one of them.',
      {
        way: way.join(' → '),
      },
    ),
  );
}
