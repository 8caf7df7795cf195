/**
 * First step of a write: what the input alone shows. Rights by verb, unknown and read-only fields, each
 * field type's own parsing, defaults, required values; for the whole batch before the database is asked.
 */
import type { FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { forbidden, invalid, issue, notFound, type Issue, type Problem } from '../../core/errors/problem.ts';
import { isUuid, uuidV7 } from '../../core/identity/uuid-v7.ts';
import type { ParseEnv } from '../../core/kinds/field-type.ts';
import { parseEnvOf, type Access } from '../access/access.ts';
import { unknownField, unknownObject } from '../read/select.ts';
import type { Advance, Change, Values, WriteInput } from './change.ts';
import type { Row } from './row.ts';

export type Prepared = { rows: Row[]; refused: Map<number, Problem> };

export function prepare(context: Context, access: Access, input: WriteInput): Prepared {
  const env: ParseEnv = { ...parseEnvOf(context), ...input.text };
  const rows: Row[] = [];
  const refused = new Map<number, Problem>();
  input.changes.forEach((change, index) => {
    try {
      rows.push(...rowsOf(context, access, input, env, change, index));
    } catch (error) {
      refused.set(index, problemOrThrow(error));
    }
  });
  return { rows, refused };
}

function problemOrThrow(error: unknown): Problem {
  if (error instanceof Error && error.name === 'Problem') return error as Problem;
  throw error;
}

const keyOf = (change: Change): string =>
  'create' in change
    ? change.create
    : 'update' in change
      ? change.update
      : 'advance' in change
        ? change.advance
        : 'archive' in change
          ? change.archive
          : 'restore' in change
            ? change.restore
            : 'revalue' in change
              ? change.revalue
              : change.putBack;

function rowsOf(
  context: Context,
  access: Access,
  input: WriteInput,
  env: ParseEnv,
  change: Change,
  index: number,
): Row[] {
  const key = keyOf(change);
  const object = context.catalog.objects.get(key);
  if (!object || (!access.may('read', key) && !('create' in change && access.may('create', key))))
    throw unknownObject(key);
  const one = object.label.one.toLowerCase();
  const base = (kind: Row['kind'], id: string): Row => ({
    index,
    kind,
    object,
    id,
    values: new Map(),
    typed: new Map(),
    left: [],
    path: '',
    companion: false,
    note: {},
  });
  if ('create' in change) {
    if (!access.may('create', key)) throw forbidden(`create ${object.label.many.toLowerCase()}`);
    if (input.verb && !access.may(input.verb, key))
      throw forbidden(`do this with ${object.label.many.toLowerCase()}`);
    if (change.id !== undefined && !isUuid(change.id)) throw invalid([badId()]);
    const row = base('create', change.id?.toLowerCase() ?? uuidV7());
    row.allowDuplicates = change.allowDuplicates ?? false;
    if (change.at !== undefined) row.path = `${change.at}.`;
    if (input.history) {
      if (!context.may('imports.history')) throw forbidden('import history');
      row.bornLate = true;
    }
    parseInto(context, access, input, env, row, change.set);
    return [row];
  }
  if (!isUuid(change.id)) throw notFound(one);
  if ('update' in change) {
    if (!access.may('edit', key)) throw forbidden(`change ${object.label.many.toLowerCase()}`);
    const row = base('update', change.id.toLowerCase());
    row.expectedVersion = change.version;
    parseInto(context, access, input, env, row, change.set);
    return [row];
  }
  if ('advance' in change) {
    if (!access.may('edit', key)) throw forbidden(`move ${object.label.many.toLowerCase()}`);
    if (!object.stageField) {
      throw invalid([
        issue('to', 'no_stages', '{many} have no stages.', 'Change the record’s fields instead.', {
          many: object.label.many,
        }),
      ]);
    }
    const row = base('update', change.id.toLowerCase());
    row.expectedVersion = change.version;
    row.through = change.through;
    row.reason = sentence('reason', change.reason);
    row.override = sentence('override_reason', change.override_reason);
    const set = { ...change.set };
    if (object.stageField in set && set[object.stageField] !== change.to) {
      throw invalid([
        issue(
          `set.${object.stageField}`,
          'stage_twice',
          'The stage is named twice, differently.',
          'Name it in “to” alone.',
        ),
      ]);
    }
    parseInto(context, access, input, env, row, { ...set, [object.stageField]: change.to });
    return [row, ...companions(context, access, input, env, object, row, change)];
  }
  if ('archive' in change || 'restore' in change) {
    if (!access.may('archive', key)) throw forbidden(`archive ${object.label.many.toLowerCase()}`);
    const row = base('archive' in change ? 'archive' : 'restore', change.id.toLowerCase());
    if ('archive' in change) row.expectedVersion = change.version;
    return [row];
  }
  if ('revalue' in change) {
    if (!access.may('edit', key)) throw forbidden(`change ${object.label.many.toLowerCase()}`);
    return [{ ...base('update', change.id.toLowerCase()), revalue: true }];
  }
  const row = base(
    change.archived === undefined ? 'update' : change.archived ? 'archive' : 'restore',
    change.id,
  );
  row.putBack = true;
  for (const [field, value] of Object.entries(change.values)) {
    if (object.fields.has(field)) row.values.set(field, value);
  }
  return [row];
}

const badId = (): Issue => issue('id', 'bad_id', 'An id is a UUID.', 'Leave it out, and the app makes one.');

function sentence(path: string, text: unknown): string | undefined {
  if (text === undefined || text === null || text === '') return undefined;
  if (typeof text !== 'string' || text.length > 2000 || text.includes('\0')) {
    throw invalid([
      issue(path, 'bad_text', 'A reason is a text of at most 2,000 characters.', 'Say it in a sentence.'),
    ]);
  }
  return text.trim() || undefined;
}

const plainObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mostFiles = 50;

/** Records sent along with a move: created in the same transaction and linked to the moved record. */
function companions(
  context: Context,
  access: Access,
  input: WriteInput,
  env: ParseEnv,
  object: ObjectModel,
  moved: Row,
  change: Advance,
): Row[] {
  const made: Row[] = [];
  const add = (part: 'activity' | 'task' | 'document', path: string, set: unknown): void => {
    const key = context.catalog.serving[part];
    const target = key ? context.catalog.objects.get(key) : undefined;
    const link =
      target && [...target.fields.values()].find((field) => field.type.linkTo?.(field) === object.key);
    if (!target || !link) {
      throw invalid([
        issue(path, 'no_companion', 'This CRM keeps no {part} for {many}.', 'Leave it out.', {
          part,
          many: object.label.many.toLowerCase(),
        }),
      ]);
    }
    if (!plainObject(set))
      throw invalid([
        issue(
          path,
          'bad_companion',
          'Send the {part} as an object of its fields.',
          'See its fields in /api/v1/catalog.',
          { part },
        ),
      ]);
    if (!access.may('create', target.key)) throw forbidden(`create ${target.label.many.toLowerCase()}`, path);
    const row: Row = {
      index: moved.index,
      kind: 'create',
      object: target,
      id: uuidV7(),
      values: new Map(),
      typed: new Map(),
      left: [],
      path: `${path}.`,
      companion: true,
      note: { with: moved.id },
    };
    parseInto(context, access, input, env, row, set);
    row.values.set(link.key, moved.id);
    made.push(row);
  };
  if (change.activity !== undefined) add('activity', 'activity', change.activity);
  if (change.task !== undefined) add('task', 'task', change.task);
  if (change.files !== undefined && !Array.isArray(change.files)) {
    throw invalid([
      issue(
        'files',
        'bad_companion',
        'Files are a list.',
        'Send the ids of uploaded files, or objects with name and url.',
      ),
    ]);
  }
  if ((change.files ?? []).length > mostFiles) {
    throw invalid([
      issue(
        'files',
        'too_many',
        'At most {most} files go along at once.',
        'Attach the others afterwards, as documents.',
        { most: mostFiles },
      ),
    ]);
  }
  (change.files ?? []).forEach((file, at) => {
    const fileField = servingFileField(context);
    add('document', `files.${at}`, typeof file === 'string' ? { [fileField]: file } : file);
  });
  return made;
}

/** The field of the document object that holds an uploaded file: the one that needs an id of `files`. */
function servingFileField(context: Context): string {
  const documents = context.catalog.objects.get(context.catalog.serving.document ?? '');
  return [...(documents?.fields.values() ?? [])].find((field) => field.type.holdsFile)?.key ?? 'file';
}

/** What the engine else keeps itself and history brings along: when the record entered its stage. */
export const bornWith = (field: FieldModel): boolean => field.system && field.key === 'stage_entered_at';

function parseInto(
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

/** Today in the workspace's time zone, YYYY-MM-DD. */
export const todayIn = (env: Pick<ParseEnv, 'now' | 'timeZone'>): string =>
  calendarOf(env.timeZone).format(env.now);

/** A formatter takes longer to make than a write to do. */
const calendars = new Map<string, Intl.DateTimeFormat>();

function calendarOf(timeZone: string): Intl.DateTimeFormat {
  let known = calendars.get(timeZone);
  if (!known) {
    known = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    calendars.set(timeZone, known);
  }
  return known;
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
