/** A file that is opened for an import: rights, encoding, which column fills which field. Nothing is written. */
import type { FieldModel, ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { forbidden } from '../../core/errors/problem.ts';
import { accessOf, type Access } from '../access/access.ts';
import { readableObject } from '../read/select.ts';
import { bornWith } from '../write/parse-values.ts';
import type { ColumnMap } from './column-map.ts';
import type { ImportOptions } from './import-options.ts';
import { mapColumns } from './map-columns.ts';
import { isProblemsFile, mendedFile, type Before } from './mended-file.ts';
import { openTable } from './open-table.ts';
import { survey, type Survey } from './survey.ts';
import type { TableFile } from './table-file.ts';

/** A file that is opened and fits. */
export type OpenImport = {
  object: ObjectModel;
  file: TableFile;
  map: ColumnMap & { mended?: number };
  before: Before;
};

/** Throws a Problem for a right that is missing, a file that is no table, and a mapping that fits nothing. */
export async function openImport(
  context: Context,
  path: string,
  options: ImportOptions,
): Promise<OpenImport> {
  const access = accessOf(context);
  if (!context.may('imports.run')) throw forbidden('import files');
  if (options.history && !context.may('imports.history')) throw forbidden('import history');
  const object = readableObject(context, access, options.object);
  if (!access.may('import', object.key)) throw forbidden(`import ${object.label.many.toLowerCase()}`);
  const { file, mended, before } = await mendedFile(context, await openGiven(path, options));
  const map = mapColumns({
    catalog: context.catalog,
    object,
    header: file.header,
    writable: (field) => mayFill(access, field, options.history ?? false),
    mapping: options.mapping,
    key: options.key,
  });
  return { object, file, map: { ...map, mended }, before };
}

/** Whether an import may fill the field. */
export const mayFill = (access: Access, field: FieldModel, history: boolean): boolean =>
  (!field.maintained && access.field(field.object, field.key) === 'edit') || (history && bornWith(field));

/** A problems file names its columns in its first line, whatever the file that it comes from did. */
async function openGiven(
  path: string,
  { encoding, delimiter, sheet, ...options }: ImportOptions,
): Promise<TableFile> {
  const header = options.header ?? options.mapping?.header;
  if (header !== undefined) {
    const file = await openTable(path, { encoding, delimiter });
    if (isProblemsFile(file)) return file;
  }
  return openTable(path, { encoding, delimiter, header, sheet, decimal: options.mapping?.decimal });
}

/** One pass over its rows. */
export const surveyOf = (
  context: Context,
  { file, map, before }: OpenImport,
  { mapping }: ImportOptions,
): Promise<Survey> =>
  survey(file, map, {
    dateOrder: mapping?.date_order ?? before.dateOrder,
    decimal: mapping?.decimal ?? before.decimal,
    country: context.workspace.country,
  });
