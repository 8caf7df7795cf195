import { z } from 'zod';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { fold } from '../../../core/conditions/fold.ts';
import { defineFieldType, type Parsed } from '../../../core/kinds/field-type.ts';
import { accepted, asLiteral, described, isNothing, nothing, refused, shown, wrongType } from '../answers.ts';
import { numberOf, words } from '../real-number.ts';
import { cases } from './duration.cases.ts';

const settings = z.strictObject({});
type Settings = z.infer<typeof settings>;

/** A hundred years of 365 days. */
const most = 3_153_600_000;

/** A length of time in whole seconds. Months and years have no fixed length and are not taken. */
export const duration = defineFieldType<Settings, number>({
  key: 'duration',
  label: 'Duration',
  meaning: 'A length of time, read in seconds; written as seconds, PT1H30M, 90min or 1:30:00.',
  settings,
  traits: () => ['equatable', 'ordered', 'numeric', 'presence'],
  columns: (field) => [{ name: field.key, type: 'bigint' }],
  parse,
  write: (value, field) => ({ [field.key]: value }),
  stored: (row, field) => numberOf(row[field.key]),
  operandType: () => 'bigint',
  literal: (input, field) => asLiteral(parse(input, field)),
  display: (value) => (typeof value === 'number' ? spoken(value) : words(value)),
  schema: (field) => ({
    read: described(field, { type: 'integer', minimum: 0, maximum: most, examples: [5400] }),
    write: described(field, {
      anyOf: [
        { type: 'integer', minimum: 0, maximum: most, examples: [5400] },
        { type: 'string', examples: ['PT1H30M', '90min', '1h 30min'] },
      ],
    }),
  }),
  cases,
});

const units: Readonly<Record<string, number>> = {
  ...of(1, 's sec secs second seconds sek sekunde sekunden'),
  ...of(60, 'm min mins minute minutes minuten'),
  ...of(3_600, 'h hr hrs hour hours std stunde stunden'),
  ...of(86_400, 'd day days tag tage tagen'),
  ...of(604_800, 'w week weeks wk wks woche wochen'),
};

function of(seconds: number, names: string): Record<string, number> {
  return Object.fromEntries(names.split(' ').map((name) => [name, seconds]));
}

function parse(input: unknown, field: FieldModel): Parsed<number> {
  if (isNothing(input)) return nothing;
  if (typeof input !== 'number' && typeof input !== 'string') {
    return wrongType(field, input, 'a duration', 'Send seconds, or text such as PT1H30M or 90min.');
  }
  const seconds = typeof input === 'number' ? input : inText(input.trim());
  if (seconds === undefined || !Number.isFinite(seconds)) {
    return refused(
      field,
      'not_a_duration',
      '{label}: {given} is not a length of time.',
      'Send seconds, or text such as PT1H30M or 90min.',
      {
        given: shown(input),
      },
    );
  }
  if (seconds < 0 || seconds > most) {
    return refused(
      field,
      seconds < 0 ? 'too_small' : 'too_large',
      '{label} lies between nothing and a hundred years.',
      'Send a length of time within that.',
    );
  }
  // 0.1 h is 360 s, whatever the double says.
  const whole = Math.round(seconds);
  if (Math.abs(whole - seconds) > 1e-6) {
    return refused(
      field,
      'too_precise',
      '{label} is counted in whole seconds.',
      'Round it to {whole} seconds.',
      { whole },
    );
  }
  return accepted(whole === 0 ? 0 : whole);
}

const iso = /^PT?(?=\d)|^P(?=\d)/i;
const isoParts =
  /^P(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i;

function inText(text: string): number | undefined {
  if (text.length > 60) return undefined;
  if (/^[+-]?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (iso.test(text)) {
    const parts = isoParts.exec(text);
    if (!parts || /T$/i.test(text)) return undefined;
    return [604_800, 86_400, 3_600, 60, 1].reduce(
      (sum, unit, index) => sum + Number(parts[index + 1] ?? 0) * unit,
      0,
    );
  }
  const clock = /^(\d{1,6}):([0-5]\d):([0-5]\d)$/.exec(text);
  if (clock) return Number(clock[1]) * 3_600 + Number(clock[2]) * 60 + Number(clock[3]);
  let sum = 0;
  let before = Infinity;
  let rest = fold(text).replaceAll(' and ', ' ').replaceAll(' und ', ' ');
  while (rest !== '') {
    const part = /^(\d+(?:[.,]\d+)?)\s*([a-z]+)\.?[\s,]*/.exec(rest);
    const unit = part && Object.hasOwn(units, part[2]!) ? units[part[2]!]! : undefined;
    // Each unit once, the great ones first: 30min 1h is a slip.
    if (!part || unit === undefined || unit >= before) return undefined;
    sum += Number(part[1]!.replace(',', '.')) * unit;
    before = unit;
    rest = rest.slice(part[0].length);
  }
  return sum;
}

function spoken(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'min'],
    [seconds % 60, 's'],
  ] as const;
  const said = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return said.length > 0 ? said.join(' ') : '0 min';
}
