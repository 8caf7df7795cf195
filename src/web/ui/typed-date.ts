/** A date as people type it: “fri 27 mar”, “tomorrow”, “in 3 days”, “27.3.”, “2026-03-27”. */

const day = 86_400_000;
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const spans: Record<string, number> = { d: 1, day: 1, days: 1, w: 7, week: 7, weeks: 7 };

const iso = (time: number): string => new Date(time).toISOString().slice(0, 10);
const utc = (date: string): number => Date.parse(`${date}T00:00:00Z`);

/** The date, or undefined where there is no such day (31 February). */
function calendar(year: number, month: number, dayOfMonth: number): string | undefined {
  const time = Date.UTC(year, month - 1, dayOfMonth);
  const made = new Date(time);
  return made.getUTCMonth() === month - 1 && made.getUTCDate() === dayOfMonth && year > 999
    ? iso(time)
    : undefined;
}

/** A day and month without a year is the nearest one that is not long past (30 days back at most). */
function nearest(month: number, dayOfMonth: number, today: string): string | undefined {
  const year = Number(today.slice(0, 4));
  const made = calendar(year, month, dayOfMonth);
  if (made && utc(made) >= utc(today) - 30 * day) return made;
  return calendar(year + 1, month, dayOfMonth);
}

const fullYear = (text: string): number => (text.length === 2 ? 2000 + Number(text) : Number(text));

/**
 * YYYY-MM-DD, or undefined where the text says no date. `today` is YYYY-MM-DD in the reader's zone;
 * `monthFirst` reads 3/4 as 4 March.
 */
export function typedDate(text: string, today: string, monthFirst = false): string | undefined {
  const words = text.trim().toLowerCase().replace(/,/g, ' ').replace(/\s+/g, ' ');
  const now = utc(today);
  if (words === 'today') return today;
  if (words === 'tomorrow' || words === 'tom') return iso(now + day);
  if (words === 'yesterday') return iso(now - day);

  const full = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(words);
  if (full) return calendar(Number(full[1]), Number(full[2]), Number(full[3]));

  const ahead = /^(?:in |\+)(\d{1,4}) ?([a-z]+)$/.exec(words);
  if (ahead) {
    const span = spans[ahead[2]!];
    if (span) return iso(now + Number(ahead[1]) * span * day);
  }
  const ago = /^(\d{1,4}) ?([a-z]+) ago$/.exec(words);
  if (ago) {
    const span = spans[ago[2]!];
    if (span) return iso(now - Number(ago[1]) * span * day);
  }

  const numbers = /^(\d{1,2})[./](\d{1,2})(?:[./](\d{2}|\d{4})?)?$/.exec(words);
  if (numbers) {
    const slash = words.includes('/') && monthFirst;
    const [first, second] = [Number(numbers[1]), Number(numbers[2])];
    const [dayOfMonth, month] = slash ? [second, first] : [first, second];
    return numbers[3] ? calendar(fullYear(numbers[3]), month, dayOfMonth) : nearest(month, dayOfMonth, today);
  }
  return named(words, today, now);
}

/** Names of weekdays and months: “fri”, “next monday”, “fri 27”, “27 mar”, “mar 27 2026”. */
function named(words: string, today: string, now: number): string | undefined {
  let weekday: number | undefined;
  let month: number | undefined;
  let dayOfMonth: number | undefined;
  let year: number | undefined;
  for (const word of words.split(' ')) {
    const short = word.slice(0, 3);
    if (word === 'next') continue;
    if (/^\d{4}$/.test(word)) year = Number(word);
    else if (/^\d{1,2}(st|nd|rd|th|\.)?$/.test(word)) dayOfMonth = Number.parseInt(word, 10);
    else if (/^[a-z]{3,9}\.?$/.test(word) && months.includes(short)) month = months.indexOf(short) + 1;
    else if (/^[a-z]{3,9}\.?$/.test(word) && weekdays.includes(short)) weekday = weekdays.indexOf(short);
    else return undefined;
  }
  if (dayOfMonth !== undefined && month !== undefined) {
    return year === undefined ? nearest(month, dayOfMonth, today) : calendar(year, month, dayOfMonth);
  }
  if (dayOfMonth !== undefined && weekday !== undefined) {
    const at = new Date(now);
    for (let ahead = 0; ahead < 12; ahead++) {
      const made = calendar(
        at.getUTCFullYear() + Math.floor((at.getUTCMonth() + ahead) / 12),
        ((at.getUTCMonth() + ahead) % 12) + 1,
        dayOfMonth,
      );
      if (made && utc(made) >= now && new Date(utc(made)).getUTCDay() === weekday) return made;
    }
    return undefined;
  }
  if (weekday !== undefined && month === undefined) {
    const ahead = (weekday - new Date(now).getUTCDay() + 7) % 7 || 7;
    return iso(now + ahead * day);
  }
  return undefined;
}
