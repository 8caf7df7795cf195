/**
 * Days and times of day as people and files write them. Never guesses: where the order of day and month
 * decides and nobody said it, the text is refused.
 */
import { fold } from '../../core/conditions/fold.ts';

type Day = { year: number; month: number; day: number };
/** Why a text is no day. */
export type NoDay = 'unreadable' | 'no_such_day' | 'ambiguous';
type Read = { day: Day; rest: string } | { wrong: NoDay };
export type DateOrder = 'dmy' | 'mdy' | 'ymd';

export type DayOptions = {
  order?: DateOrder;
  /** The year now, to which two-digit years are near; undefined refuses them. */
  thisYear?: number;
};

const pad = (value: number, size: number): string => String(value).padStart(size, '0');
export const isoDay = ({ year, month, day }: Day): string =>
  `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;

const leap = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
const daysIn = (year: number, month: number): number =>
  month === 2 ? (leap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;

/** The day at the start of a text, and what follows it (a time, or nothing). */
export function readDay(text: string, options: DayOptions = {}): Read {
  if (text.length > 100) return { wrong: 'unreadable' };
  return inDigits(text, options) ?? inWords(text, options) ?? { wrong: 'unreadable' };
}

// Digits must not run on: 2026-03-091 is no day.
const end = String.raw`(?!\d)`;
const yearFirst = new RegExp(String.raw`^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})${end}`);
const compact = /^(\d{4})(\d{2})(\d{2})(?=$|[T ])/;
const yearLast = new RegExp(String.raw`^(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4}|\d{2})${end}`);

function inDigits(text: string, options: DayOptions): Read | undefined {
  const first = yearFirst.exec(text);
  if (first) return checked(first[1]!, first[3]!, first[4]!, text.slice(first[0].length), options);
  const run = compact.exec(text);
  if (run) return checked(run[1]!, run[2]!, run[3]!, text.slice(run[0].length), options);
  const last = yearLast.exec(text);
  if (!last) return undefined;
  const [whole, a, mark, b, year] = last as unknown as [string, string, string, string, string];
  const rest = text.slice(whole.length);
  const order =
    options.order ?? (mark === '.' ? 'dmy' : Number(a) > 12 ? 'dmy' : Number(b) > 12 ? 'mdy' : undefined);
  if (order === 'ymd') {
    return year.length === 2 ? checked(a, b, year, rest, options) : { wrong: 'ambiguous' };
  }
  if (order === undefined && a !== b) return { wrong: 'ambiguous' };
  return order === 'mdy' ? checked(year, a, b, rest, options) : checked(year, b, a, rest, options);
}

const dayThenMonth =
  /^(\d{1,2})(?:st|nd|rd|th|\.|º)?[\s/-]*(?:de\s+|of\s+)?(\p{L}+)\.?,?[\s/-]*(?:de\s+)?(\d{4}|\d{2})(?!\d)/u;
const monthThenDay = /^(\p{L}+)\.?[\s/-]*(\d{1,2})(?:st|nd|rd|th|\.)?,?[\s/-]+(\d{4})(?!\d)/u;
const yearThenMonth = /^(\d{4})[\s/-](\p{L}+)\.?[\s/-](\d{1,2})(?!\d)/u;

function inWords(text: string, options: DayOptions): Read | undefined {
  // A weekday before: Mon, 9 March 2026.
  const weekday = /^(\p{L}+)\.?,?\s+/u.exec(text);
  const bare = weekday && monthOf(weekday[1]!) === undefined ? text.slice(weekday[0].length) : text;
  const found =
    read(dayThenMonth, bare, ([, day, month, year]) => [year!, month!, day!]) ??
    read(monthThenDay, bare, ([, month, day, year]) => [year!, month!, day!]) ??
    read(yearThenMonth, bare, ([, year, month, day]) => [year!, month!, day!]);
  if (!found) return undefined;
  const month = monthOf(found.parts[1]);
  return month === undefined
    ? undefined
    : checked(found.parts[0], String(month), found.parts[2], bare.slice(found.length), options);
}

type Parts = [year: string, month: string, day: string];
function read(pattern: RegExp, text: string, parts: (match: RegExpExecArray) => Parts) {
  const match = pattern.exec(text);
  return match ? { parts: parts(match), length: match[0].length } : undefined;
}

function checked(
  yearText: string,
  monthText: string,
  dayText: string,
  rest: string,
  options: DayOptions,
): Read {
  const year = yearText.length === 2 ? century(Number(yearText), options.thisYear) : Number(yearText);
  if (year === undefined) return { wrong: 'ambiguous' };
  const [month, day] = [Number(monthText), Number(dayText)];
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    return { wrong: 'no_such_day' };
  return { day: { year, month, day }, rest };
}

/** 26 → 2026, 87 → 1987: at most twenty years ahead. */
function century(year: number, thisYear: number | undefined): number | undefined {
  if (thisYear === undefined) return undefined;
  const near = Math.floor(thisYear / 100) * 100 + year;
  return near > thisYear + 20 ? near - 100 : near;
}

const languages = ['en', 'de', 'fr', 'es', 'it', 'pt', 'nl', 'sv', 'da', 'nb', 'pl', 'fi'];
let months: Map<string, number> | undefined;

/** Names and short names in the languages above, where all agree on the month. */
function monthOf(word: string): number | undefined {
  months ??= monthNames();
  return months.get(fold(word));
}

function monthNames(): Map<string, number> {
  const names = new Map<string, number>([['sept', 9]]);
  const torn = new Set<string>();
  for (const language of languages) {
    for (const style of ['long', 'short'] as const) {
      const named = new Intl.DateTimeFormat(language, { month: style, day: 'numeric', timeZone: 'UTC' });
      const alone = new Intl.DateTimeFormat(language, { month: style, timeZone: 'UTC' });
      for (let month = 1; month <= 12; month++) {
        const date = new Date(Date.UTC(2026, month - 1, 15));
        const inDate = named.formatToParts(date).find((part) => part.type === 'month')?.value ?? '';
        for (const name of [inDate, alone.format(date)]) {
          const key = fold(name).replace(/\.$/, '');
          if (!/^\p{L}{3,}$/u.test(key)) continue;
          if (names.has(key) && names.get(key) !== month) torn.add(key);
          names.set(key, month);
        }
      }
    }
  }
  for (const key of torn) names.delete(key);
  return names;
}

type TimeOfDay = { hour: number; minute: number; second: number; millisecond: number; zone?: string };

const clock =
  /^(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*([ap]\.?m\.?)?\s*(?:uhr|h)?\s*(z|utc|gmt|(?:utc|gmt)?\s*[+-]\d{2}(?::?\d{2})?)?(?:\s*\([^)]*\))?$/i;

/** What follows a day: `T10:00:00.5+02:00`, ` 2:30 pm`, or nothing, which is undefined; null when unreadable. */
export function readTime(rest: string): TimeOfDay | undefined | null {
  const text = rest.replace(/^(\s*T|\s*,?\s*(?:at|um|à)\s+|\s*,\s*|\s+)/i, '').trim();
  if (text === '') return /^[\s,]*$/.test(rest) ? undefined : null;
  if (text.length === rest.length) return null;
  const parts = clock.exec(text);
  if (!parts || (parts[2] === undefined && parts[5] === undefined)) return null;
  const half = parts[5]?.toLowerCase().startsWith('p') ? 12 : 0;
  const given = Number(parts[1]);
  if (parts[5] !== undefined && (given < 1 || given > 12)) return null;
  const hour = parts[5] === undefined ? given : (given % 12) + half;
  const [minute, second] = [Number(parts[2] ?? 0), Number(parts[3] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59) return null;
  const millisecond = Number((parts[4] ?? '').padEnd(3, '0').slice(0, 3));
  return { hour, minute, second, millisecond, zone: parts[6] && zoneOf(parts[6]) };
}

function zoneOf(text: string): string {
  const offset = /([+-])(\d{2}):?(\d{2})?$/.exec(text);
  return offset ? `UTC${offset[1]}${offset[2]}:${offset[3] ?? '00'}` : 'UTC';
}
