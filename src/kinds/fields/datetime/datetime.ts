import { DateTime } from 'luxon';
import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { defineFieldType, type Parsed, type ParseEnv } from '../../../core/kinds/field-type.ts';
import { accepted, asLiteral, described, isNothing, nothing, shown, wrongType } from '../answers.ts';
import { type DayOptions, readDay, readTime } from '../calendar-text.ts';
import { noDay } from '../no-day.ts';
import { words } from '../real-number.ts';
import { cases } from './datetime.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

const fix = 'Write it as 2026-03-09T14:30:00Z, or with an offset such as +01:00.';

/** An instant, to the millisecond. Text without a zone is local time of the workspace. */
export const datetime = defineFieldType<Settings, string>({
  key: 'datetime',
  label: 'Date and time',
  meaning:
    'A moment, read in UTC as 2026-03-09T14:30:00.000Z; without a zone it is the workspace’s local time.',
  settings,
  traits: () => ['equatable', 'ordered', 'temporal', 'presence'],
  // Milliseconds, as JavaScript counts: finer ones would be lost on reading, and cursors would skip rows.
  columns: (field) => [{ name: field.key, type: 'timestamptz(3)' }],
  parse: (input, field, env) => read(input, field, env, {}),
  parseText: (text, field, env) =>
    read(text, field, env, { order: env.dateOrder, thisYear: env.now.getUTCFullYear() }),
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => storedInstant(row[field.key]),
  operandType: () => 'timestamptz',
  literal: (input, field, env) => asLiteral(read(input, field, env, {})),
  display: (value) => words(value).replace(/^(.{10})T(.{5}).*Z$/, '$1 $2 UTC'),
  schema(field) {
    const schema = described(field, {
      type: 'string',
      format: 'date-time',
      examples: ['2026-03-09T14:30:00.000Z'],
    });
    return { read: schema, write: schema };
  },
  cases,
});

const canonical = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

function read(input: unknown, field: FieldModel, env: ParseEnv, options: DayOptions): Parsed<string> {
  if (isNothing(input)) return nothing;
  if (typeof input !== 'string') return wrongType(field, input, 'a date and time', fix);
  const text = input.trim();
  const found = readDay(text, options);
  if ('wrong' in found) return noDay(field, shown(text), found.wrong, fix);
  const time = readTime(found.rest);
  if (time === null) return noDay(field, shown(text), 'unreadable', fix);
  const { zone = env.timeZone, ...clock } = time ?? {};
  const instant = DateTime.fromObject({ ...found.day, ...clock }, { zone }).toUTC();
  if (!instant.isValid || instant.year < 1 || instant.year > 9999) {
    return noDay(field, shown(text), 'no_such_day', fix);
  }
  return accepted(instant.toISO(), canonical.test(text) ? undefined : text);
}

/** The driver gives ISO text or a Date; JSON made by PostgreSQL has an offset. */
function storedInstant(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  const text = String(value);
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text)) return text;
  const instant = DateTime.fromSQL(text.replace('T', ' '), { zone: 'utc' });
  return instant.isValid ? instant.toUTC().toISO() : text;
}
