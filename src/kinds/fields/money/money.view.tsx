import { defineFieldView, type InputProps, type ViewEnv } from '../../../core/kinds/field-view.ts';
import { NumberField } from '../number/number.view.tsx';

type Money = { amount: string; currency: string };

/** An amount in words; whole amounts without their cents. */
const moneyWords = ({ amount, currency }: Money, env: ViewEnv): string => {
  const number = Number(amount);
  if (!Number.isFinite(number)) return `${amount} ${currency}`;
  try {
    return new Intl.NumberFormat(env.locale, {
      style: 'currency',
      currency,
      currencyDisplay: 'narrowSymbol',
      trailingZeroDisplay: 'stripIfInteger',
    }).format(number);
  } catch {
    return `${amount} ${currency}`; // a currency that the browser does not know
  }
};

/** Plain figures for typing: 64000, 12.5. */
const figures = (amount: string): string => amount.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '');

function MoneyInput({ value, onChange, onPick: _onPick, env, ...rest }: InputProps<Money>) {
  const currency = value?.currency ?? env.catalog.workspace.currency;
  return (
    <NumberField
      {...rest}
      env={env}
      unit={currency}
      value={value ? figures(value.amount) : null}
      onChange={(amount) => onChange(amount === null ? null : { amount: String(amount), currency })}
    />
  );
}

export const moneyView = defineFieldView<Money>({
  align: 'end',
  width: 110,
  text: (value, _field, env) => (value ? moneyWords(value, env) : ''),
  Cell: ({ value, env }) => (value ? moneyWords(value, env) : null),
  Input: MoneyInput,
  // A condition compares with a number in the workspace's currency.
  Argument: (props) => <NumberField {...props} unit={props.env.catalog.workspace.currency} />,
  ArgumentWords: ({ value, env }) =>
    moneyWords({ amount: String(value), currency: env.catalog.workspace.currency }, env),
});
