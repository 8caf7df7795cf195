/**
 * Which column fills which field. By the mapping file where it says so, else by name: key, label, synonym,
 * then without the object's own name around it. The most exact match wins, a field is filled once, and a
 * column that fills nothing is listed, never guessed.
 */
import { fold } from '../../core/conditions/fold.ts';
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { suggestion } from '../../core/catalog/nearest.ts';
import { issue, refusal, type Issue } from '../../core/errors/problem.ts';
import type { MappingFile } from './mapping-file.ts';
import type { TableColumn } from './table-file.ts';

export type MappedColumn = {
  index: number;
  header: string;
  field: FieldModel;
  /** The linked record is found by this field of it, instead of by its name. */
  by?: string;
  /** Index of its second column, as exports write it: the id of a link, the currency of money. */
  beside?: number;
  /** A whole name in one column: its last word, or what stands before a comma, goes to this field. */
  rest?: FieldModel;
  how: 'mapping' | 'key' | 'label' | 'synonym' | 'likeness';
};

export type ColumnMap = {
  columns: MappedColumn[];
  skipped: { header: string; why: string }[];
  /** Column whose cells are ids of our records. */
  id?: { index: number; header: string };
  /** Field by whose value existing records are found. */
  key?: FieldModel;
  constants: { field: FieldModel; value: string }[];
  /** What stands in the file, folded → what it means; by field key. */
  values: Map<string, Map<string, string | null>>;
};

/** Letters and digits alone, folded: `E-Mail 1` and `email_1` are one name. */
export const bare = (text: string): string => fold(text).replace(/[^\p{L}\p{M}\p{N}]+/gu, '');

/** Throws a 422 problem for a mapping or key that names what is not there, or when nothing maps. */
export function mapColumns(input: {
  catalog: Catalog;
  object: ObjectModel;
  header: readonly TableColumn[];
  /** Fields the caller may not write; they count as not there. */
  writable(field: FieldModel): boolean;
  mapping?: MappingFile;
  key?: string;
}): ColumnMap {
  const { object, header } = input;
  const mapping = input.mapping ?? {};
  const issues: Issue[] = [];
  const fields = new Map([...object.fields].filter(([, field]) => input.writable(field)));
  const map: ColumnMap = { columns: [], skipped: [], constants: [], values: new Map() };
  const taken = new Map<string, string>();
  const decided = new Set<number>();
  const free = (index: number): boolean => !decided.has(index);
  const unknown = (path: string, key: string): void => {
    const maintained = object.fields.get(key)?.maintained;
    issues.push(
      issue(
        path,
        'unknown_field',
        maintained ? '“{key}” is kept by the CRM and cannot be imported.' : '{many} have no field “{key}”.',
        '{did}',
        {
          key,
          many: object.label.many,
          did: maintained
            ? 'Leave it out.'
            : suggestion(key, fields.keys(), `Its fields are ${[...fields.keys()].join(', ')}.`),
        },
      ),
    );
  };

  for (const [key, value] of Object.entries(mapping.constants ?? {})) {
    const field = fields.get(key);
    if (!field) {
      unknown(`mapping.constants.${key}`, key);
      continue;
    }
    map.constants.push({ field, value });
    taken.set(key, 'the constant in the mapping');
  }

  for (const [name, target] of Object.entries(mapping.columns ?? {})) {
    const path = `mapping.columns.${name}`;
    const index = columnNamed(header, name);
    if (index === undefined) {
      issues.push(
        issue(path, 'unknown_column', 'The file has no column “{name}”.', 'Its columns are {columns}.', {
          name,
          columns: header.map((column) => column.name).join(', '),
        }),
      );
      continue;
    }
    if (!free(index)) {
      issues.push(
        issue(path, 'column_twice', 'The mapping names the column “{name}” twice.', 'Name it once.', {
          name,
        }),
      );
      continue;
    }
    decided.add(index);
    if (target === null) {
      map.skipped.push({ header: header[index]!.name, why: 'the mapping skips it' });
      continue;
    }
    if (target === 'id') {
      map.id = { index, header: header[index]!.name };
      continue;
    }
    const [key, by] = target.split('.', 2) as [string, string | undefined];
    const field = fields.get(key);
    if (!field) {
      unknown(path, key);
      continue;
    }
    if (taken.has(key)) {
      issues.push(
        issue(
          path,
          'field_twice',
          '“{label}” is filled twice: by {other} and by “{name}”.',
          'Map one of them alone.',
          {
            label: field.label,
            other: taken.get(key),
            name,
          },
        ),
      );
      continue;
    }
    if (by !== undefined && !linkedField(input.catalog, field, by)) {
      issues.push(
        issue(
          path,
          'unknown_field',
          'What “{key}” links to has no field “{by}”.',
          'Name a field of the linked object, or “{key}” alone to find it by name.',
          { key, by },
        ),
      );
      continue;
    }
    taken.set(key, `“${name}”`);
    map.columns.push({ index, header: header[index]!.name, field, by, how: 'mapping' });
  }

  byName();

  header.forEach((column, index) => {
    if (!free(index)) return;
    map.skipped.push({ header: column.name, why: unmapped[column.renamed ?? 'named'] });
  });
  map.columns.sort((a, b) => a.index - b.index);

  const key = input.key ?? mapping.key;
  if (input.key !== undefined && mapping.key !== undefined && input.key !== mapping.key) {
    issues.push(
      issue(
        'key',
        'key_twice',
        'The key is “{key}” here and “{other}” in the mapping.',
        'Say it in one place.',
        { key: input.key, other: mapping.key },
      ),
    );
  } else if (key === 'id') {
    if (!map.id)
      issues.push(issue('key', 'no_key_column', 'The file has no column “id”.', 'Name another key field.'));
  } else if (key !== undefined) {
    const field = fields.get(key);
    if (!field) unknown('key', key);
    else if (!map.columns.some((column) => column.field.key === key)) {
      issues.push(
        issue(
          'key',
          'no_key_column',
          'No column fills “{label}”, so it cannot be the key.',
          'Map a column to “{key}”, or choose another key.',
          { label: field.label, key },
        ),
      );
    } else if (!field.type.traits(field).includes('equatable')) {
      issues.push(
        issue(
          'key',
          'bad_key',
          '“{label}” cannot be compared, so it cannot be the key.',
          'Choose a field such as an e-mail or a name.',
          { label: field.label },
        ),
      );
    } else map.key = field;
  }

  for (const [name, values] of Object.entries(mapping.values ?? {})) {
    if (!fields.has(name)) {
      unknown(`mapping.values.${name}`, name);
      continue;
    }
    map.values.set(name, new Map(Object.entries(values).map(([raw, meaning]) => [fold(raw), meaning])));
  }

  if (issues.length > 0) throw refusal(422, 'bad_mapping', issues);
  if (map.columns.length === 0 && !map.id) {
    throw refusal(422, 'no_columns', [
      issue(
        'file',
        'no_columns',
        'No column of the file is known to {many}: {columns}.',
        'Give the first line the names of fields ({fields}), or send a mapping.',
        {
          many: object.label.many.toLowerCase(),
          columns: header.map((column) => column.name).join(', '),
          fields: [...fields.keys()].slice(0, 8).join(', '),
        },
      ),
    ]);
  }
  return map;

  function byName(): void {
    const own = new Set([object.key, object.label.one, object.label.many].map(bare));
    const names = namesOf(fields);
    const claim = (index: number, field: FieldModel, how: MappedColumn['how']): void => {
      const other = taken.get(field.key);
      const name = header[index]!.name;
      decided.add(index);
      if (other !== undefined) {
        map.skipped.push({ header: name, why: `${field.label} is filled by ${other}` });
        return;
      }
      taken.set(field.key, `“${name}”`);
      map.columns.push({ index, header: name, field, how });
    };
    // A repeated or nameless column is never mapped by its name: the first of that name is.
    const open = header.map((column, index) => ({
      index,
      name: bare(column.name),
      exact: column.name,
      column,
    }));
    const each = (work: (one: (typeof open)[number]) => void): void => {
      for (const one of open) if (free(one.index) && !one.column.renamed && one.name !== '') work(one);
    };
    each(({ index, name }) => {
      if (name !== 'id' || map.id) return;
      map.id = { index, header: header[index]!.name };
      decided.add(index);
    });
    each(({ index, exact }) => {
      const field = fields.get(exact);
      if (field) claim(index, field, 'key');
    });
    each(({ index, exact }) => {
      const [key, part] = exact.split('.', 2);
      const own = part !== undefined && map.columns.find(({ field }) => field.key === key);
      if (!own || own.field.type.inFile?.beside !== part) return;
      own.beside = index;
      decided.add(index);
    });
    for (const how of ['key', 'label', 'synonym'] as const) {
      each(({ index, name }) => {
        const field = names[how].get(name);
        if (field) claim(index, field, how);
      });
    }
    // `Deal amount` or `Lead: e-mail` where the file says whose field it is.
    each(({ index, name }) => {
      for (const word of own) {
        const rest = name.startsWith(word)
          ? name.slice(word.length)
          : name.endsWith(word)
            ? name.slice(0, -word.length)
            : '';
        if (rest.length < 2) continue;
        const field = names.key.get(rest) ?? names.label.get(rest) ?? names.synonym.get(rest);
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
      claim(index, first, 'likeness');
      map.columns.at(-1)!.rest = last;
    });
    // `Account id`, `account_name`: the link itself.
    each(({ index, name }) => {
      for (const field of fields.values()) {
        if (!field.type.linkTo?.(field)) continue;
        const link = [bare(field.key), bare(field.label)].find(
          (word) => name === `${word}id` || name === `${word}name`,
        );
        if (link) return claim(index, field, 'likeness');
      }
    });
  }
}

/** Field by bare name; a name that two fields share maps to neither. */
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
    synonym: collect((field) => field.definition.synonyms ?? []),
  };
}

function columnNamed(header: readonly TableColumn[], name: string): number | undefined {
  const exact = header.findIndex((column) => column.name === name.trim());
  if (exact >= 0) return exact;
  const folded = fold(name);
  const alike = header.flatMap((column, index) => (fold(column.name) === folded ? [index] : []));
  return alike.length === 1 ? alike[0] : undefined;
}

function linkedField(catalog: Catalog, field: FieldModel, by: string): boolean {
  const target = field.type.linkTo?.(field);
  return target !== undefined && (catalog.objects.get(target)?.fields.has(by) ?? false);
}

const unmapped = {
  named: 'no field has this name',
  repeated: 'the file has this name twice; only the first is mapped',
  empty: 'it has no name',
  ours: 'it says what was wrong before',
};
