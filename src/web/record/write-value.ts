/** A value as its input holds it → as the API takes it; empty text is no value. */
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import { viewOf } from '../../kinds/fields/views.ts';

export function writeValue(field: PublicField, value: unknown): unknown {
  const { write } = viewOf(field);
  const written = write ? write(value ?? null) : value;
  return written === undefined || written === '' ? null : written;
}

/** All values of a form, by field; what is empty is left out. */
export function writeValues(
  fields: readonly PublicField[],
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const field of fields) {
    const written = writeValue(field, values[field.key]);
    if (written !== null) out[field.key] = written;
  }
  return out;
}
