/** The argument of a test in words: values by their type, variables and spans by name. */
import { useTranslation } from 'react-i18next';
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import type { ViewEnv } from '../../core/kinds/field-view.ts';
import { viewOf } from '../../kinds/fields/views.ts';
import { messages, wordsOf } from '../messages/messages.ts';

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
  return view.text(value, field, env) || String(value ?? '');
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
  const base = wordsOf(`variables.${found?.[1]}`);
  if (!found || base === undefined) return value;
  const [, , sign, count, span] = found;
  if (!sign) return base;
  const unit = { style: 'unit', unit: spans[span!]!, unitDisplay: 'long' } as const;
  const amount = new Intl.NumberFormat(undefined, unit).format(Number(count));
  return messages.t(sign === '-' ? 'variables.before' : 'variables.after', { amount, base });
}
