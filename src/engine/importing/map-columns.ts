/**
 * Which column fills which field. By the mapping file where it says so, else by name. A field is filled once, and a
 * column that fills nothing is listed, never guessed.
 */
import { fold } from '../../core/conditions/fold.ts';
import type { Catalog, FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import { suggestion } from '../../core/catalog/nearest.ts';
import { issue, refusal, type Issue } from '../../core/errors/problem.ts';
import { allowedValues } from './allowed-values.ts';
import type { ColumnMap } from './column-map.ts';
import { mapByName } from './map-by-name.ts';
import { undecided, type MappingFile } from './mapping-file.ts';
import type { TableColumn } from './table-file.ts';

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

  const unknownColumn = (path: string, name: string): void => {
    issues.push(
      issue(path, 'unknown_column', 'The file has no column “{name}”.', 'Its columns are {columns}.', {
        name,
        columns: header.map((column) => column.name).join(', '),
      }),
    );
  };
  const twice = (path: string, field: FieldModel, name: string): void => {
    issues.push(
      issue(
        path,
        'field_twice',
        '“{label}” is filled twice: by {other} and by {name}.',
        'Fill it by one of them alone, or put columns together under templates.',
        { label: field.label, other: taken.get(field.key), name },
      ),
    );
  };

  if (mapping.dictionaries) {
    issues.push(
      issue(
        'mapping.dictionaries',
        'no_dictionaries',
        'Files of dictionaries are read by the command line alone.',
        'Write what they say under values.',
      ),
    );
  }
  for (const [key, value] of Object.entries(mapping.constants ?? {})) {
    const field = fields.get(key);
    if (!field) {
      unknown(`mapping.constants.${key}`, key);
      continue;
    }
    map.constants.push({ field, value });
    taken.set(key, 'the constant in the mapping');
  }

  for (const [key, text] of Object.entries(mapping.templates ?? {})) {
    const path = `mapping.templates.${key}`;
    const field = fields.get(key);
    if (!field) {
      unknown(path, key);
      continue;
    }
    const pieces = piecesOf(text, header);
    const lost = pieces.filter((piece) => typeof piece === 'object');
    for (const { unknown: name } of lost) unknownColumn(path, name);
    const at = pieces.filter(isIndex);
    if (at.length === 0 && lost.length === 0) {
      issues.push(
        issue(
          path,
          'no_column_named',
          '“{text}” names no column.',
          'Put columns in braces, such as {example}, or make it a constant.',
          { text, example: '{First name} {Last name}' },
        ),
      );
    }
    if (at.length === 0 || lost.length > 0) continue;
    if (taken.has(key)) {
      twice(path, field, `“${text}”`);
      continue;
    }
    taken.set(key, `“${text}”`);
    const index = at[0]!;
    map.columns.push({
      index,
      header: header[index]!.name,
      field,
      pieces: pieces as (string | number)[],
      how: 'mapping',
    });
  }

  for (const [name, target] of Object.entries(mapping.columns ?? {})) {
    const path = `mapping.columns.${name}`;
    const index = columnNamed(header, name);
    if (index === undefined) {
      unknownColumn(path, name);
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
    if (target === undecided) {
      issues.push(openColumn(path, name));
      continue;
    }
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
      twice(path, field, `“${name}”`);
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

  mapByName({
    catalog: input.catalog,
    object,
    fields,
    header,
    map,
    taken,
    isFree: free,
    decide: (index) => decided.add(index),
  });

  const joined = new Set(map.columns.flatMap(({ pieces }) => pieces?.filter(isIndex) ?? []));
  header.forEach((column, index) => {
    if (!free(index) || joined.has(index)) return;
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
    else if (!map.columns.some((column) => column.field.key === key) && map.id?.old !== field) {
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
    const field = fields.get(name)!;
    for (const [raw, meaning] of Object.entries(values))
      if (meaning === undecided)
        issues.push(openValue(`mapping.values.${name}.${raw}`, field, raw, input.catalog));
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
}

const openColumn = (path: string, name: string): Issue =>
  issue(
    path,
    'undecided',
    'The mapping leaves open which field “{name}” fills.',
    'Write a field instead of the question mark, or null to leave the column out.',
    { name },
  );

function openValue(path: string, field: FieldModel, raw: string, catalog: Catalog): Issue {
  const allowed = allowedValues(field, catalog);
  return issue(
    path,
    'undecided',
    'The mapping leaves open what “{raw}” means as {label}.',
    allowed.length > 0
      ? 'Write one of {allowed} instead of the question mark, or null to leave it empty.'
      : 'Write what it means instead of the question mark, or null to leave it empty.',
    { raw, label: field.label, allowed: allowed.join(', ') },
  );
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

const isIndex = (piece: unknown): piece is number => typeof piece === 'number';

/** `{First name} {Last name}` → indexes of columns, and what stands between them. */
function piecesOf(text: string, header: readonly TableColumn[]): Piece[] {
  const parts = text.split(/(\{[^{}]+\})/).filter((part) => part !== '');
  return parts.map((part): Piece => {
    const name = /^\{(.+)\}$/s.exec(part)?.[1];
    return name === undefined ? part : (columnNamed(header, name) ?? { unknown: name });
  });
}

type Piece = string | number | { unknown: string };

const unmapped = {
  named: 'no field has this name',
  repeated: 'the file has this name twice; only the first is mapped',
  empty: 'it has no name',
  ours: 'it says what was wrong before',
};
