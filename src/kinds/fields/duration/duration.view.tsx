import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { textLike } from '../text/text.view.tsx';

const steps: readonly [seconds: number, unit: string][] = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
];

/** Seconds as “1 h 30 min”; less than a minute as seconds. */
const durationWords = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return '';
  let left = Number(value);
  if (!Number.isFinite(left)) return String(value);
  const parts: string[] = [];
  for (const [seconds, unit] of steps) {
    const whole = Math.floor(left / seconds);
    if (whole > 0) parts.push(`${whole}\u202f${unit}`);
    left -= whole * seconds;
  }
  if (left > 0 || parts.length === 0) parts.push(`${left}\u202fs`);
  return parts.join(' ');
};

const TextField = textLike().Input!;

/** Typed as `90min`, `2h` or ISO 8601; the server reads them all. */
export const durationView = defineFieldView<number | string>({
  align: 'end',
  width: 110,
  text: durationWords,
  Cell: ({ value }) => durationWords(value) || null,
  Input: ({ value, onChange, ...rest }) => (
    <TextField
      {...rest}
      placeholder="90min"
      value={typeof value === 'number' ? `${Math.round(value / 60)}min` : (value ?? '')}
      onChange={(text) => onChange(text?.trim() ? text.trim() : null)}
    />
  ),
});
