/**
 * The shape of every text-like type: the text as it is read, and its folded form beside it, which is what
 * conditions compare, lists sort by and unique indexes stand on.
 */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { fold } from '../../core/conditions/fold.ts';
import { issue, type Issue } from '../../core/errors/problem.ts';
import type { FieldType, Trait } from '../../core/kinds/field-type.ts';
import { ident, sql, type Sql } from '../../core/sql/sql.ts';
import { words } from './real-number.ts';
import { described, isNothing, noValue, shown } from './answers.ts';

/** Up to here a folded text always fits an index row (2,704 bytes) without being cut in practice. */
const indexable = 500;
const foldBytes = 2400;
const bytes = new TextEncoder();

type FoldedOptions<S> = {
  maxLength(field: FieldModel<S>): number;
  /** False for prose, which nobody sorts. */
  ordered?: boolean;
  /** A condition's text as the value would be written, where that differs from the text itself. */
  spelled?(text: string, field: FieldModel<S>): string;
  example: string;
  format?: string;
  /** True where the canonical form is ASCII alone, so that more characters fit an index row. */
  ascii?: boolean;
};

type FoldedPart<S> = Pick<
  FieldType<S, string>,
  | 'traits'
  | 'columns'
  | 'write'
  | 'stored'
  | 'select'
  | 'operand'
  | 'order'
  | 'operandType'
  | 'literal'
  | 'comparable'
  | 'display'
  | 'searchText'
  | 'schema'
  | 'check'
>;

const foldColumn = (field: FieldModel): string => `${field.key}__fold`;

/** Everything but key, label, meaning, settings, parse and cases. */
export function foldedText<S>(options: FoldedOptions<S>): FoldedPart<S> {
  const { maxLength, ordered = true, spelled = (text) => text } = options;
  const traits: readonly Trait[] = ordered
    ? ['equatable', 'ordered', 'textual', 'presence']
    : ['equatable', 'textual', 'presence'];
  const limit = options.ascii ? foldBytes : indexable;
  const folded = (text: string, field: FieldModel<S>): string =>
    maxLength(field) <= limit ? cut(fold(text)) : fold(text);
  return {
    traits: () => traits,
    columns: (field) => [
      { name: field.key, type: 'text', collateC: true },
      { name: foldColumn(field), type: 'text', collateC: true },
    ],
    write: (value, field) => ({
      [field.key]: value,
      [foldColumn(field)]: value === null ? null : folded(value, field),
    }),
    stored: (row, field) => (row[field.key] as string | null | undefined) ?? null,
    select: (field, table) => ({ [field.key]: sql`${ident(table, field.key)}` }),
    operand: (field, table) => ident(table, foldColumn(field)),
    order: (field, table): readonly Sql[] => [ident(table, foldColumn(field)), ident(table, field.key)],
    operandType: () => 'text',
    literal(input, field) {
      if (isNothing(input)) return noValue;
      if (typeof input !== 'string') {
        return {
          ok: false,
          message: `${field.label} is compared with text, not ${shown(input)}. Put it in quotes.`,
        };
      }
      const value = folded(spelled(input, field), field);
      return value === '' ? noValue : { ok: true, value };
    },
    comparable: (value, field) => (value === null ? null : folded(value, field)),
    display: words,
    searchText: (value) => value ?? '',
    schema(field) {
      const schema = described(field, {
        type: 'string',
        maxLength: maxLength(field),
        ...(options.format ? { format: options.format } : {}),
        examples: [options.example.slice(0, maxLength(field))],
      });
      return { read: schema, write: schema };
    },
    check(field): readonly Issue[] {
      if (!(field.unique || field.indexed) || maxLength(field) <= limit) return [];
      return [
        issue(
          `objects.${field.object}.fields.${field.key}`,
          'too_long_to_index',
          '{label} may hold {max} characters, which is too long for an index.',
          'Lower its length to {limit}, or take away unique and indexed.',
          { label: field.label, max: maxLength(field), limit },
        ),
      ];
    },
  };
}

/** A handful of characters fold to eighteen: such text is cut, so that no value can break an index. */
function cut(text: string): string {
  if (text.length * 3 <= foldBytes || bytes.encode(text).length <= foldBytes) return text;
  let size = 0;
  let kept = '';
  for (const character of text) {
    size += bytes.encode(character).length;
    if (size > foldBytes) break;
    kept += character;
  }
  return kept.trimEnd();
}
