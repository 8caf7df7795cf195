/** The value of one field, drawn by its type. */
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';

type Props = { field: PublicField; record: Record<string, unknown>; env: ViewEnv };

export function FieldValue({ field, record, env }: Props) {
  const view = viewOf(field);
  return <view.Cell value={record[field.key]} field={field} env={env} record={record} />;
}
