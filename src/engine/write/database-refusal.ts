/** What the database refuses because of the caller's data, told as a Problem; undefined for what is our own fault. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import { invalid, issue, refusal, type Problem } from '../../core/errors/problem.ts';

type DatabaseError = {
  code?: string;
  schema?: string;
  table?: string;
  column?: string;
  detail?: string;
  constraint?: string;
};

/** SQLSTATE class 22: data the types cannot hold, found only there. */
const unfit = /^22/;

export function databaseRefusal(catalog: Catalog, error: unknown): Problem | undefined {
  const { code, schema, table, detail, column } = error as DatabaseError;
  if (schema === 'crm' && code === '23505') {
    const object = catalog.objects.get(table ?? '');
    const columns = /^Key \(([^)]*)\)/.exec(detail ?? '')?.[1]?.split(', ') ?? [];
    const field = object?.fields.get(columns[0]?.replaceAll('"', '').split('__')[0] ?? '');
    return refusal(409, 'not_unique', [
      issue(
        field?.key ?? 'id',
        'not_unique',
        'There is another {one} with this {label}.',
        'Use another value, or change the record that has it.',
        {
          one: object?.label.one.toLowerCase() ?? 'record',
          label: field?.label.toLowerCase() ?? 'value',
        },
      ),
    ]);
  }
  if (schema === 'crm' && code === '23503') {
    return invalid([
      issue(
        '',
        'link_not_found',
        'A linked record is not there any more.',
        'Read the record again and choose another.',
      ),
    ]);
  }
  if (code !== undefined && unfit.test(code)) {
    return invalid([
      issue(
        column ?? '',
        'value_not_storable',
        'A value is outside what can be stored.',
        'Check numbers and dates for size.',
      ),
    ]);
  }
  return undefined;
}
