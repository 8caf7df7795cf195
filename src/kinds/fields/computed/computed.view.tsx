/** What the CRM works out has no type of its own to look like: it looks like what it answers. */
import type { PublicField } from '../../../core/catalog/public-catalog.ts';
import { defineFieldView, type FieldView } from '../../../core/kinds/field-view.ts';
import { dateView } from '../date/date.view.tsx';
import { datetimeView } from '../datetime/datetime.view.tsx';
import { moneyView } from '../money/money.view.tsx';
import { numberView } from '../number/number.view.tsx';
import { textView } from '../text/text.view.tsx';
import { yesNoView } from '../yes-no/yes-no.view.tsx';

const isMoney = (value: unknown): boolean => typeof value === 'object' && value !== null && 'amount' in value;
const isDate = (value: unknown): boolean => typeof value === 'string' && value.length === 10;

/** The view of the answer, by what the field can do and what stands there. */
function answerView(field: PublicField, value: unknown): FieldView {
  if (field.traits.includes('boolean')) return yesNoView;
  if (field.traits.includes('temporal')) return isDate(value) ? dateView : datetimeView;
  if (isMoney(value)) return moneyView;
  return field.traits.includes('numeric') ? numberView : textView;
}

export const computedView = defineFieldView({
  width: 120,
  align: 'end',
  text: (value, field, env) => answerView(field, value).text(value, field, env),
  Cell: (props) => answerView(props.field, props.value).Cell(props),
  Argument: (props) => {
    const view = answerView(props.field, props.value);
    const Argument = view.Argument ?? view.Input ?? textView.Input!;
    return <Argument {...props} />;
  },
});
