/** The argument of a test in words: values by their type, variables and spans by name. */
import { useTranslation } from 'react-i18next';
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { messages } from '../messages/messages.ts';

type Props = { value: unknown; field: PublicField | undefined; env: ViewEnv; plain?: boolean };

/** At most this many values are named; the rest is counted. */
const named = 3;

export function ArgumentWords({ value, field, env, plain }: Props) {
  const { t } = useTranslation();
  if (Array.isArray(value)) {
    const rest = value.length - named;
    return (
      <>
        {value.slice(0, named).map((one, index) => (
          <span key={index}>
            {index > 0 && ', '}
            <ArgumentWords value={one} field={field} env={env} plain={plain} />
          </span>
        ))}
        {rest > 0 && ` ${t('conditions.andMore', { count: rest })}`}
      </>
    );
  }
  if (typeof value === 'string' && value.startsWith('$')) return variableWords(value);
  if (plain || !field) return typeof value === 'object' ? JSON.stringify(value) : String(value ?? '');
  const view = viewOf(field);
  if (view.ArgumentWords) return <view.ArgumentWords value={value} field={field} env={env} />;
  return view.text(value as never, field, env) || String(value ?? '');
}

const spans: Record<string, string> = {
  min: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  mo: 'month',
  y: 'year',
};

/** `$me`, `$today+3d`: the variables of the condition language. */
function variableWords(value: string): string {
  if (value.startsWith('$$')) return value.slice(1);
  const found = /^\$(\w+?)(?:([+-])(\d+)(min|h|d|w|mo|y))?$/.exec(value);
  const key = `variables.${found?.[1]}`;
  if (!found || !messages.exists(key)) return value;
  const base = messages.t(key as 'variables.me');
  if (!found[2]) return base;
  const amount = new Intl.NumberFormat(undefined, {
    style: 'unit',
    unit: spans[found[4]!]!,
    unitDisplay: 'long',
  }).format(Number(found[3]));
  return messages.t(found[2] === '-' ? 'variables.before' : 'variables.after', { amount, base });
}
