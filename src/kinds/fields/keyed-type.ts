/** The shape of choice, stage and pipeline: one key out of values that the catalog knows. */
import type { Catalog, FieldModel } from '../../core/catalog/catalog.ts';
import type { FieldType } from '../../core/kinds/field-type.ts';
import { ident } from '../../core/sql/sql.ts';
import { described } from './answers.ts';
import { activeKeys, byPosition, type Keyed, keyedLiteral, labelOf, parseKeyed } from './keyed-value.ts';

type KeyedPart<S> = Required<
  Pick<
    FieldType<S, string>,
    'columns' | 'parse' | 'write' | 'stored' | 'operandType' | 'order' | 'literal' | 'display' | 'schema'
  >
>;

/** Everything but key, label, meaning, settings, traits and cases. */
export function keyedType<S>(
  valuesOf: (field: FieldModel<S>, catalog: Catalog) => readonly Keyed[],
): KeyedPart<S> {
  return {
    columns: (field) => [{ name: field.key, type: 'text', collateC: true }],
    parse: (input, field, env) => parseKeyed(input, field, valuesOf(field, env.catalog)),
    write: (value, field) => ({ [field.key]: value }),
    stored: (row, field) => (row[field.key] as string | null | undefined) ?? null,
    operandType: () => 'text',
    order(field, table, catalog) {
      const column = ident(table, field.key);
      return [catalog ? byPosition(column, valuesOf(field, catalog)) : column];
    },
    literal: (input, field, env) => keyedLiteral(input, field, valuesOf(field, env.catalog)),
    display: (value, field, catalog) => labelOf(value, valuesOf(field, catalog)),
    schema(field, catalog) {
      const keys = catalog ? valuesOf(field, catalog) : [];
      const examples = keys.length > 0 ? { examples: [keys[0]!.key] } : {};
      const offered = activeKeys(keys);
      return {
        read: described(field, {
          type: 'string',
          ...(keys.length > 0 ? { enum: keys.map(({ key }) => key) } : {}),
          ...examples,
        }),
        write: described(field, {
          type: 'string',
          ...(offered.length > 0 ? { enum: offered } : {}),
          ...examples,
        }),
      };
    },
  };
}
