/** What the database refuses because of the caller's data, told as a Problem; undefined for what is our own fault. */
import type { Catalog } from '../../core/catalog/catalog.ts';
import { invalid, issue, refusal, type Problem } from '../../core/errors/problem.ts';
import type { Access } from '../access/access.ts';
import { fieldIndexes } from '../tables/desired.ts';

type DatabaseError = {
  code?: string;
  schema?: string;
  table?: string;
  column?: string;
  constraint?: string;
};

/** SQLSTATE classes: data the types cannot hold, found only there; more than an index or a row can hold. */
const unfit = /^(22|54)/;

/** `access`: a hidden field is not named, not even by its conflict. */
export function databaseRefusal(catalog: Catalog, access: Access, error: unknown): Problem | undefined {
  const { code, schema, table, constraint, column } = error as DatabaseError;
  if (schema === 'crm' && code === '23505') {
    const object = catalog.objects.get(table ?? '');
    const ownId = constraint?.endsWith('_pkey') ?? false;
    const field = [...(object?.fields.values() ?? [])].find(
      (one) =>
        access.field(one.object, one.key) !== 'hidden' &&
        fieldIndexes(one).some((index) => index.unique && index.name === constraint),
    );
    return refusal(409, 'not_unique', [
      issue(
        field?.key ?? (ownId ? 'id' : ''),
        'not_unique',
        'There is another {one} with this {label}.',
        'Use another value, or change the record that has it.',
        {
          one: object?.label.one.toLowerCase() ?? 'record',
          label: field?.label.toLowerCase() ?? (ownId ? 'id' : 'value'),
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
