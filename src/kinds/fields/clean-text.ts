/** What any text from outside must be before a type looks at it: well-formed, printable, not too long. */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import type { Parsed } from '../../core/kinds/field-type.ts';
import { accepted, isNothing, nothing, refused, wrongType } from './answers.ts';

// Control characters but tab and line feed.
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/**
 * Trimmed text with `\n` line ends. Refuses NUL and other control characters (they hide, and PostgreSQL
 * takes no NUL), broken UTF-16, and more than `max` characters.
 */
export function cleanText(input: unknown, field: FieldModel, max: number): Parsed<string> {
  if (isNothing(input)) return nothing;
  if (typeof input !== 'string') return wrongType(field, input, 'text', 'Put the value in quotes.');
  const text = input.replace(/\r\n?/g, '\n').trim();
  if (text === '') return nothing;
  if (!text.isWellFormed()) {
    return refused(
      field,
      'bad_characters',
      '{label} holds half a character: the text was cut or wrongly decoded.',
      'Send it again as UTF-8.',
    );
  }
  const found = control.exec(text);
  if (found) {
    return refused(
      field,
      'bad_characters',
      '{label} holds an invisible control character ({code}).',
      'Remove it; line breaks and tabs may stay.',
      { code: `U+${found[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}` },
    );
  }
  const length = text.length <= max ? text.length : [...text].length;
  if (length > max) {
    return refused(
      field,
      'too_long',
      '{label} takes at most {max} characters; this has {length}.',
      'Shorten it by {over}.',
      { max, length, over: length - max },
    );
  }
  return accepted(text);
}
