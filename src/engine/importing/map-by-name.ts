/**
 * Columns find their fields by name: key, label, synonym, then without the object's own name around it. The most
 * exact match wins, and a name that two fields share maps to neither.
 */
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { bare, type ColumnMap, type MappedColumn } from './column-map.ts';
import type { TableColumn } from './table-file.ts';

/** Adds to `map` what it finds for the columns that are free, and to `taken` what fills each field. */
export function mapByName(input: {
  catalog: Catalog;
  object: ObjectModel;
  /** Those that may be filled. */
  fields: ReadonlyMap<string, FieldModel>;
  header: readonly TableColumn[];
  map: ColumnMap;
  taken: Map<string, string>;
  isFree(index: number): boolean;
  decide(index: number): void;
}): void {
  const { object, fields, header, map, taken, isFree, decide } = input;
  const own = new Set([object.key, object.label.one, object.label.many].map(bare));
  const names = namesOf(fields);
  const oldId = object.oldIdField === undefined ? undefined : fields.get(object.oldIdField);

  const claim = (
    index: number,
    field: FieldModel,
    how: MappedColumn['how'],
    more: Pick<MappedColumn, 'by' | 'rest'> = {},
  ): void => {
    const other = taken.get(field.key);
    const name = header[index]!.name;
    decide(index);
    if (other !== undefined) {
      map.skipped.push({ header: name, why: `${field.label} is filled by ${other}` });
      return;
    }
    taken.set(field.key, `“${name}”`);
    map.columns.push({ index, header: name, field, how, ...more });
  };
  // A repeated or nameless column is never mapped by its name: the first of that name is.
  const open = header.map((column, index) => ({
    index,
    name: bare(column.name),
    exact: column.name,
    column,
  }));
  const each = (work: (one: (typeof open)[number]) => void): void => {
    for (const one of open) if (isFree(one.index) && !one.column.renamed && one.name !== '') work(one);
  };
  each(({ index, name }) => {
    if (name !== 'id' || map.id) return;
    map.id = { index, header: header[index]!.name };
    decide(index);
    if (oldId && !taken.has(oldId.key)) {
      map.id.old = oldId;
      taken.set(oldId.key, `“${header[index]!.name}”`);
    }
  });
  each(({ index, exact }) => {
    const field = fields.get(exact);
    if (field) claim(index, field, 'key');
  });
  each(({ index, exact }) => {
    const [key, part] = exact.split('.', 2);
    const main = part !== undefined && map.columns.find(({ field }) => field.key === key);
    if (!main || main.field.type.inFile?.beside !== part) return;
    main.beside = index;
    decide(index);
  });
  for (const how of ['key', 'label'] as const) {
    each(({ index, name }) => {
      const field = names[how].get(name);
      if (field) claim(index, field, how);
    });
  }
  // Of several columns the one wins whose name stands first among the synonyms: a mobile before a desk.
  const bySynonym: { index: number; field: FieldModel; rank: number }[] = [];
  each(({ index, name }) => {
    const field = names.synonym.get(name);
    if (field) bySynonym.push({ index, field, rank: rankOf(field, name) });
  });
  bySynonym.sort((a, b) => a.rank - b.rank);
  for (const { index, field } of bySynonym) claim(index, field, 'synonym');
  // `Deal amount` or `Lead: e-mail` where the file says whose field it is; `Contact1 phone` is that of the first.
  each(({ index, name }) => {
    for (const word of own) {
      const rest = name.startsWith(word)
        ? name.slice(word.length).replace(/^1(?=\D)/, '')
        : name.endsWith(word)
          ? name.slice(0, -word.length)
          : '';
      if (rest.length < 2) continue;
      const field =
        names.key.get(rest) ?? names.label.get(rest) ?? names.synonym.get(rest) ?? (rest === 'id' && oldId);
      if (field) return claim(index, field, 'likeness');
    }
  });
  // A column called by the object itself holds what its records are called.
  each(({ index, name }) => {
    const field = object.nameFields.length === 1 ? fields.get(object.nameFields[0]!) : undefined;
    if (field && own.has(name)) claim(index, field, 'likeness');
  });
  // A whole name where the object keeps its parts.
  each(({ index, name }) => {
    const [first, last] = object.nameFields.map((key) => fields.get(key));
    if (object.nameFields.length !== 2 || !first || !last || taken.has(first.key) || taken.has(last.key))
      return;
    if (!['name', 'fullname'].includes(name) && !own.has(name.replace(/(full)?name$/, ''))) return;
    taken.set(last.key, `“${header[index]!.name}”`);
    claim(index, first, 'likeness', { rest: last });
  });
  putTogether();
  // `Account id`, `account_name`: the link itself. Ids of another system are known by its records' old ids.
  each(({ index, name }) => {
    for (const field of fields.values()) {
      const target = field.type.linkTo?.(field);
      if (target === undefined) continue;
      const words = [field.key, field.label, ...(field.definition.synonyms ?? [])].map(bare);
      if (words.some((word) => name === `${word}id`))
        return claim(index, field, 'likeness', { by: input.catalog.objects.get(target)?.oldIdField });
      if (words.some((word) => name === `${word}name`)) return claim(index, field, 'likeness');
    }
  });

  /** Parts of a name, where the object keeps it whole: a synonym such as `first name + last name`. */
  function putTogether(): void {
    for (const field of fields.values()) {
      if (taken.has(field.key)) continue;
      for (const synonym of field.definition.synonyms ?? []) {
        if (!isJoined(synonym)) continue;
        const parts = synonym.split('+').map((part) => indexOf(bare(part)));
        if (parts.some((at) => at === undefined)) continue;
        const [index] = parts as [number, ...number[]];
        taken.set(field.key, parts.map((at) => `“${header[at!]!.name}”`).join(' and '));
        map.columns.push({
          index,
          header: header[index]!.name,
          field,
          pieces: (parts as number[]).flatMap((at, nth) => (nth === 0 ? [at] : [' ', at])),
          how: 'synonym',
        });
        break;
      }
    }
  }

  function indexOf(name: string): number | undefined {
    return open.find((one) => one.name === name && isFree(one.index) && !one.column.renamed)?.index;
  }
}

const rankOf = (field: FieldModel, name: string): number =>
  (field.definition.synonyms ?? []).findIndex((synonym) => bare(synonym) === name);

/** A synonym that puts columns together. */
const isJoined = (synonym: string): boolean => / \+ /.test(synonym);

function namesOf(
  fields: ReadonlyMap<string, FieldModel>,
): Record<'key' | 'label' | 'synonym', Map<string, FieldModel>> {
  const collect = (of: (field: FieldModel) => readonly string[]): Map<string, FieldModel> => {
    const found = new Map<string, FieldModel>();
    const torn = new Set<string>();
    for (const field of fields.values()) {
      for (const name of new Set(of(field).map(bare))) {
        if (found.has(name)) torn.add(name);
        found.set(name, field);
      }
    }
    for (const name of torn) found.delete(name);
    return found;
  };
  return {
    key: collect((field) => [field.key]),
    label: collect((field) => [field.label]),
    synonym: collect((field) => (field.definition.synonyms ?? []).filter((one) => !isJoined(one))),
  };
}
