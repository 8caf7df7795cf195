/** What the records are called that a column may link to: those in the database, and those that other files bring. */
import type { ObjectModel } from '../../../core/catalog/catalog.ts';
import { fold } from '../../../core/conditions/fold.ts';
import type { Context } from '../../../core/context/context.ts';
import { accessOf } from '../../access/access.ts';
import { list } from '../../read/list.ts';

/** Where the records are called so: here, or in a column of another file. */
export type KnownNames = {
  /** In words: “the CRM”, or the file and its column. */
  where: string;
  /** The field of the linked object by which they are found; undefined: by their name. */
  by?: string;
  /** Folded text → as it is written. */
  names: ReadonlyMap<string, string>;
  /** False: there are more of them. */
  whole: boolean;
};

/** Records that are read of one object. */
const mostRecords = 5_000;
const page = 200;

/** Names and old ids of the records that the caller may see. */
export async function namesHere(context: Context, object: ObjectModel): Promise<KnownNames[]> {
  const byName = new Map<string, string>();
  const byOldId = new Map<string, string>();
  const access = accessOf(context);
  const seen = (key: string | undefined): key is string =>
    key !== undefined && access.field(object.key, key) !== 'hidden';
  const oldId = seen(object.oldIdField) ? object.oldIdField : undefined;
  const nameFields = object.nameFields.filter(seen);
  const fields = [...nameFields, ...(oldId === undefined ? [] : [oldId])];
  let cursor: string | undefined;
  let read = 0;
  do {
    const { data, next_cursor } = await list(context, { object: object.key, fields, limit: page, cursor });
    for (const record of data) {
      read += 1;
      const name = nameFields
        .map((key) => textOf(record[key]))
        .join(' ')
        .trim();
      if (name !== '') byName.set(fold(name), name);
      const old = oldId === undefined ? '' : textOf(record[oldId]);
      if (old !== '') byOldId.set(fold(old), old);
    }
    cursor = next_cursor ?? undefined;
  } while (cursor !== undefined && read < mostRecords);
  const whole = cursor === undefined;
  return [
    { where: 'the CRM', names: byName, whole },
    { where: 'the CRM', by: oldId, names: byOldId, whole },
  ].filter(({ names }) => names.size > 0);
}

const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : '';
