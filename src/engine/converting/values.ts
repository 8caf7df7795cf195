/** What a new record takes over from the one that is converted, by the conversion's definition. */
import type { Catalog, ObjectModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import type { ConversionPart, ConvertedValue } from '../../core/definitions/conversion.ts';
import type { Context } from '../../core/context/context.ts';
import { parseEnvOf, type Access } from '../access/access.ts';

type RecordRead = Readonly<Record<string, unknown>>;

/** Values for the part's new record, as one would send them; only what is filled, fits, and the caller may write. */
export function takenOver(
  context: Context,
  access: Access,
  part: ConversionPart,
  record: RecordRead,
): Record<string, unknown> {
  const target = context.catalog.objects.get(part.object)!;
  const env = parseEnvOf(context);
  return Object.fromEntries(
    Object.entries(part.set).flatMap(([key, source]) => {
      const field = target.fields.get(key);
      if (!field || access.field(target.key, key) !== 'edit') return [];
      const value = valueOf(context.catalog, source, record);
      if (value === null || value === undefined || value === '') return [];
      const parsed = field.type.parse(value, field, env);
      return parsed.ok && parsed.value !== null ? [[key, value]] : [];
    }),
  );
}

function valueOf(catalog: Catalog, source: ConvertedValue, record: RecordRead): unknown {
  if (typeof source === 'string') return plain(record[source]);
  if ('first_of' in source)
    return source.first_of.map((key) => plain(record[key])).find((value) => value !== null);
  if ('domain_of' in source) return domainOf(catalog, record[source.domain_of], source.except);
  if ('given_name_of' in source) return nameParts(record[source.given_name_of]).given;
  return nameParts(record[source.family_name_of]).family;
}

/** A link is read with its name, and written as its id. */
function plain(value: unknown): unknown {
  if (value === undefined || value === null || value === '') return null;
  return typeof value === 'object' && 'id' in value ? value.id : value;
}

/** What stands behind the @, unless anybody can have an address there. */
function domainOf(catalog: Catalog, value: unknown, except: string): string | null {
  const domain = typeof value === 'string' ? value.slice(value.lastIndexOf('@') + 1) : '';
  const free = catalog.lists.get(except)?.values.filter((one) => one.active !== false) ?? [];
  return domain === '' || free.some((one) => fold(one.label) === fold(domain)) ? null : domain;
}

/** “Anna Maria Berg” and “Berg, Anna Maria”. One word alone is the family name. */
function nameParts(value: unknown): { given: string; family: string } {
  const name = typeof value === 'string' ? value.trim() : '';
  const comma = name.indexOf(',');
  if (comma > 0) return { given: name.slice(comma + 1).trim(), family: name.slice(0, comma).trim() };
  const words = name.split(/\s+/);
  return { given: words.slice(0, -1).join(' '), family: words.at(-1) ?? '' };
}

/** Links of an object to what the parts became: link field by id. */
export function linksTo(
  object: ObjectModel,
  became: readonly { object: string; id: string }[],
): Record<string, string> {
  return Object.fromEntries(
    became.flatMap(({ object: target, id }) => {
      const link = [...object.fields.values()].find(
        (field) => !field.system && !field.maintained && field.type.linkTo?.(field) === target,
      );
      return link ? [[link.key, id]] : [];
    }),
  );
}
