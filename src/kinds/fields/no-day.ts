/** The sentences of date and date-time for a text that is no day. */
import type { FieldModel } from '../../core/catalog/catalog.ts';
import { refused } from './answers.ts';
import type { NoDay } from './calendar-text.ts';

const fix = 'Write it as 2026-03-09.';

export function noDay(field: FieldModel, given: string, why: NoDay, example = fix) {
  if (why === 'no_such_day') {
    return refused(field, 'no_such_day', '{label}: {given} is not in the calendar.', example, { given });
  }
  if (why === 'ambiguous') {
    return refused(
      field,
      'ambiguous_date',
      '{label}: {given} can be read as several days.',
      `${example} For a file, say date_order in its mapping.`,
      { given },
    );
  }
  return refused(field, 'not_a_date', '{label}: {given} is not a date.', example, { given });
}
