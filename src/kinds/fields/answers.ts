/** How every field type answers: accepted, nothing given, or refused in a kind sentence. */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { fill } from '../../core/errors/problem.ts';
import type { InFile, Parsed } from '../../core/kinds/field-type.ts';

type Refused = Extract<Parsed<never>, { ok: false }>;
export type Literal = { ok: true; value: unknown } | { ok: false; message: string };

/** No value: null, an absent key, or text of white space alone. */
export const isNothing = (input: unknown): input is null | undefined | '' =>
  input === null || input === undefined || (typeof input === 'string' && input.trim() === '');

export const nothing: { ok: true; value: null } = { ok: true, value: null };

/** `typed` is given where normalising lost something of what was typed. */
/** A record or a file in a file: its name, and its id beside. The id decides where it is one of this workspace. */
export const nameAndId: InFile = {
  beside: 'id',
  write: (answer) => {
    const { id, name } = (answer ?? {}) as { id?: string; name?: string | null };
    return [name ?? null, id ?? null];
  },
  read: (name, id, ours) => (ours && id !== '' ? id : name),
};

export const accepted = <V>(value: V, typed?: string): Parsed<V> =>
  typed === undefined ? { ok: true, value } : { ok: true, value, typed };

/** `{label}` in the templates is the field's label. */
export const refused = (
  field: FieldModel,
  code: string,
  message: string,
  fix: string,
  params: Record<string, unknown> = {},
): Refused => ({ ok: false, code, message, fix, params: { label: field.label, ...params } });

export const wrongType = (field: FieldModel, input: unknown, wanted: string, fix: string): Refused =>
  refused(field, 'wrong_type', '{label} takes {wanted}, not {given}.', fix, { wanted, given: shown(input) });

/** For fields that the engine fills: whatever a caller sends is refused. */
export const filledByEngine = (field: FieldModel): Refused =>
  refused(
    field,
    'maintained',
    '{label} is worked out by the CRM and cannot be written.',
    'Leave {label} out.',
  );

/** What was sent, short enough for a sentence. */
export function shown(input: unknown): string {
  if (typeof input === 'string') {
    const text = input
      .toWellFormed()
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim();
    return `“${text.length > 60 ? `${[...text].slice(0, 57).join('')}…` : text}”`;
  }
  if (Array.isArray(input)) return 'a list';
  if (typeof input === 'object' && input !== null) return 'an object';
  return String(input);
}

const sentence = (refusal: Refused): string =>
  `${fill(refusal.message, refusal.params)} ${fill(refusal.fix, refusal.params)}`;

/** A parsed value as a literal: what `parse` refuses is refused here in the same words; nothing is no literal. */
export function asLiteral<V>(
  parsed: Parsed<V>,
  comparable: (value: V) => unknown = (value) => value,
): Literal {
  if (!parsed.ok) return { ok: false, message: sentence(parsed) };
  if (parsed.value === null) return noValue;
  return { ok: true, value: comparable(parsed.value) };
}

export const noValue: Literal = {
  ok: false,
  message: 'An empty value cannot be compared. Use {"missing": true} to find records without one.',
};

/** Adds label and meaning to a JSON Schema, and null to its types: every field may be empty when read. */
export function described(field: FieldModel, schema: Record<string, unknown>): Record<string, unknown> {
  const nullable: Record<string, unknown> =
    typeof schema.type === 'string'
      ? {
          ...schema,
          type: [schema.type, 'null'],
          ...(Array.isArray(schema.enum) ? { enum: [...schema.enum, null] } : {}),
        }
      : { anyOf: [schema, { type: 'null' }] };
  return { title: field.label, description: field.definition.meaning, ...nullable };
}

export const uuidPattern = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';
const uuid = new RegExp(uuidPattern);

/** The id in lower case, or undefined when the text is not a UUID. */
export const readUuid = (input: unknown): string | undefined =>
  typeof input === 'string' && uuid.test(input.trim()) ? input.trim().toLowerCase() : undefined;
