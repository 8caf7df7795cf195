/** What is sent for a record → the values of its row, each parsed by its field’s type; new ones with their defaults. */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { invalid, issue, type Issue } from '../../core/errors/problem.ts';
import type { ParseEnv } from '../../core/kinds/field-type.ts';
import type { Access } from '../access/access.ts';
import { unknownField } from '../read/select.ts';
import type { Values, WriteInput } from './change.ts';
import type { Row } from './row.ts';
import { todayIn } from './today.ts';

export const plainObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What the engine else keeps itself and history brings along: when the record entered its stage. */
export const bornWith = (field: FieldModel): boolean => field.system && field.key === 'stage_entered_at';

/** Parses what is sent into the row, with its defaults. @throws Problem that tells all that is wrong with it */
export function parseInto(
  context: Context,
  access: Access,
  input: WriteInput,
  env: ParseEnv,
  row: Row,
  set: unknown,
): void {
  const { object } = row;
  if (!plainObject(set))
    throw invalid([
      issue(
        row.path.slice(0, -1),
        'not_an_object',
        'Send the fields as a JSON object.',
        'Write {"field": value}.',
      ),
    ]);
  const issues: Issue[] = [];
  for (const [key, raw] of Object.entries(set)) {
    const field = object.fields.get(key);
    const right = field ? access.field(object.key, key) : 'hidden';
    if (!field || right === 'hidden') {
      issues.push(unknownField(row.path + key, key));
      continue;
    }
    const ownDate = row.bornLate === true && bornWith(field);
    if (input.history && input.lenient && bornWith(field) && row.kind === 'update') {
      row.left.push({ field: key, raw: rawText(raw), issue: staysAsItIs(row.path + key, field) });
      continue;
    }
    if ((field.maintained || right === 'read') && !ownDate) {
      issues.push(
        issue(row.path + key, 'read_only', '“{label}” cannot be written{why}.', 'Leave it out.', {
          label: field.label,
          why: field.maintained ? ': it is kept by the CRM' : ' by you',
        }),
      );
      continue;
    }
    const foreign = hiddenInMatch(context, access, field, raw);
    if (foreign !== undefined) {
      issues.push(unknownField(row.path + key, foreign));
      continue;
    }
    const parsed =
      input.text && typeof raw === 'string' && field.type.parseText
        ? field.type.parseText(raw, field, env)
        : field.type.parse(raw, field, env);
    if (parsed.ok) {
      if (input.lenient && parsed.value === null && field.type.role && row.kind !== 'create') continue;
      row.values.set(key, parsed.value);
      row.typed.set(key, parsed.typed ?? null);
      continue;
    }
    const found = issue(row.path + key, parsed.code, parsed.message, parsed.fix, parsed.params);
    if (input.lenient && !field.required) {
      row.left.push({ field: key, raw: rawText(raw), issue: found });
      // Empty, and not what a default would make of it.
      if (row.kind === 'create') row.values.set(key, null);
    } else issues.push(found);
  }
  if (row.kind === 'create') defaults(context, env, row, issues);
  required(row, issues);
  if (issues.length > 0) throw invalid(issues);
}

const staysAsItIs = (path: string, field: FieldModel): Issue =>
  issue(
    path,
    'stays_as_it_is',
    '“{label}” of a record that is there already stays as it is.',
    'Nothing need be done; only new records bring their own.',
    { label: field.label },
  );

/** The first field of `{match: {…}}` that the target lacks or hides: told in the same words. */
function hiddenInMatch(
  context: Context,
  access: Access,
  field: FieldModel,
  value: unknown,
): string | undefined {
  const target = field.type.linkTo?.(field);
  if (target === undefined || !plainObject(value) || !plainObject(value['match'])) return undefined;
  return Object.keys(value['match']).find((key) => access.field(target, key) === 'hidden');
}

export const rawText = (raw: unknown): string =>
  (typeof raw === 'string' ? raw : JSON.stringify(raw)).slice(0, 10_000);

/** Defaults of the definition; who writes owns, where the caller is a person. */
function defaults(context: Context, env: ParseEnv, row: Row, issues: Issue[]): void {
  for (const field of row.object.fields.values()) {
    if (field.definition.default === undefined || field.maintained || row.values.has(field.key)) continue;
    const parsed = field.type.parse(defaultValue(context, env, field), field, env);
    if (parsed.ok) row.values.set(field.key, parsed.value);
    else issues.push(issue(row.path + field.key, parsed.code, parsed.message, parsed.fix, parsed.params));
  }
  const { ownerField } = row.object;
  if (ownerField && !row.values.has(ownerField) && context.principal.user)
    row.values.set(ownerField, context.principal.user);
}

function defaultValue(context: Context, env: ParseEnv, field: FieldModel): unknown {
  const stated = field.definition.default;
  if (stated === '$now') return env.now.toISOString();
  if (stated === '$today') return todayIn(env);
  if (stated === '$me') return context.principal.user;
  return stated;
}

/** A new record that holds a file is called as the file is, unless it is called otherwise. */
export const namedByFile = (row: Row, field: FieldModel): boolean =>
  row.kind === 'create' &&
  row.object.nameFields.length === 1 &&
  row.object.nameFields[0] === field.key &&
  [...row.values].some(([key, value]) => value !== null && row.object.fields.get(key)?.type.holdsFile);

function required(row: Row, issues: Issue[]): void {
  for (const field of row.object.fields.values()) {
    // A new record gets its stage and pipeline by itself; nobody may take them away.
    if (!field.required && (!field.type.role || row.kind === 'create')) continue;
    const missing =
      row.kind === 'create'
        ? (row.values.get(field.key) ?? null) === null && !namedByFile(row, field)
        : row.values.has(field.key) && row.values.get(field.key) === null;
    if (missing && !issues.some((found) => found.path === row.path + field.key)) {
      issues.push(
        issue(
          row.path + field.key,
          'required',
          '“{label}” is needed.{by}',
          { say: 'Give {label} a value.', set: [field.key] },
          {
            label: field.label,
            by: field.definition.required_by ? ` ${field.definition.required_by}` : '',
          },
        ),
      );
    }
  }
}
