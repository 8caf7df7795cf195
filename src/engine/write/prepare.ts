/**
 * First step of a write: what the input alone shows. Rights by verb, unknown and read-only fields, each
 * field type's own parsing, defaults, required values; for the whole batch before the database is asked.
 */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { forbidden, invalid, issue, notFound, type Issue, type Problem } from '../../core/errors/problem.ts';
import { isUuid, uuidV7 } from '../../core/identity/uuid-v7.ts';
import type { ParseEnv } from '../../core/kinds/field-type.ts';
import { parseEnvOf, type Access } from '../access/access.ts';
import { unknownObject } from '../read/select.ts';
import type { Advance, Change, WriteInput } from './change.ts';
import { parseInto, plainObject } from './parse-values.ts';
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
