import { DateTime } from 'luxon';
import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { defineFieldType, type Parsed, type ParseEnv } from '../../../core/kinds/field-type.ts';
import { accepted, asLiteral, described, isNothing, nothing, shown, wrongType } from '../answers.ts';
import { type DayOptions, isoDay, readDay, readTime } from '../calendar-text.ts';
import { noDay } from '../no-day.ts';
import { words } from '../real-number.ts';
import { cases } from './date.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** A day of the calendar, without time or zone. */
export const date = defineFieldType<Settings, string>({
  key: 'date',
  label: 'Date',
  meaning: 'A day, written 2026-03-09; from the year 1 to 9999.',
  settings,
  traits: () => ['equatable', 'ordered', 'temporal', 'presence'],
  columns: (field) => [{ name: field.key, type: 'date' }],
  parse: (input, field, env) => read(input, field, env, {}),
  parseText: (text, field, env) =>
    read(text, field, env, { order: env.dateOrder, thisYear: env.now.getUTCFullYear() }),
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => storedDay(row[field.key]),
  operandType: () => 'date',
  literal: (input, field, env) => asLiteral(read(input, field, env, {})),
  display: words,
  schema(field) {
    const schema = described(field, { type: 'string', format: 'date', examples: ['2026-03-09'] });
    return { read: schema, write: schema };
  },
  cases,
});

function read(input: unknown, field: FieldModel, env: ParseEnv, options: DayOptions): Parsed<string> {
  if (isNothing(input)) return nothing;
  if (typeof input !== 'string')
    return wrongType(field, input, 'a date', 'Write it as 2026-03-09, in quotes.');
  const text = input.trim();
  const found = readDay(text, options);
  if ('wrong' in found) return noDay(field, shown(text), found.wrong);
  const time = readTime(found.rest);
  if (time === null) return noDay(field, shown(text), 'unreadable');
  const written = isoDay(found.day);
  if (!time) return accepted(written, written === text ? undefined : text);
  // An instant is a day only in a zone: the workspace's. Midnight in UTC is how programs write a plain day.
  const midnight = time.hour + time.minute + time.second + time.millisecond === 0;
  if (!time.zone || (midnight && time.zone === 'UTC')) return accepted(written, text);
  const local = DateTime.fromObject({ ...found.day, ...clockOf(time) }, { zone: time.zone }).setZone(
    env.timeZone,
  );
  if (!local.isValid || local.year < 1 || local.year > 9999) return noDay(field, shown(text), 'no_such_day');
  return accepted(isoDay(local), text);
}

const clockOf = ({
  hour,
  minute,
  second,
  millisecond,
}: Record<'hour' | 'minute' | 'second' | 'millisecond', number>) => ({
  hour,
  minute,
  second,
  millisecond,
});

/** The driver gives text, or a Date at local midnight where it was left to itself. */
function storedDay(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (!(value instanceof Date)) return String(value).slice(0, 10);
  return isoDay({ year: value.getFullYear(), month: value.getMonth() + 1, day: value.getDate() });
}
