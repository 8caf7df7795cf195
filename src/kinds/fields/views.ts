/** The look of every field type, by its key; each stands beside its type. */
import type { PublicField } from '../../core/catalog/public-catalog.ts';
import type { FieldView } from '../../core/kinds/field-view.ts';
import { choiceView } from './choice/choice.view.tsx';
import { computedView } from './computed/computed.view.tsx';
import { countryView } from './country/country.view.tsx';
import { currencyView } from './currency/currency.view.tsx';
import { dateView } from './date/date.view.tsx';
import { datetimeView } from './datetime/datetime.view.tsx';
import { durationView } from './duration/duration.view.tsx';
import { emailView } from './email/email.view.tsx';
import { fileView } from './file/file.view.tsx';
import { gapSetView } from './gap-set/gap-set.view.tsx';
import { idView } from './id/id.view.tsx';
import { lineTotalView } from './line-total/line-total.view.tsx';
import { linkView } from './link/link.view.tsx';
import { longTextView } from './long-text/long-text.view.tsx';
import { moneyView } from './money/money.view.tsx';
import { multiChoiceView } from './multi-choice/multi-choice.view.tsx';
import { numberView } from './number/number.view.tsx';
import { percentView } from './percent/percent.view.tsx';
import { personNameView } from './person-name/person-name.view.tsx';
import { personView } from './person/person.view.tsx';
import { phoneView } from './phone/phone.view.tsx';
import { pipelineView } from './pipeline/pipeline.view.tsx';
import { rollupView } from './rollup/rollup.view.tsx';
import { stageView } from './stage/stage.view.tsx';
import { textView } from './text/text.view.tsx';
import { urlView } from './url/url.view.tsx';
import { yesNoView } from './yes-no/yes-no.view.tsx';

const views: Readonly<Record<string, FieldView>> = {
  choice: choiceView,
  computed: computedView,
  country: countryView,
  currency: currencyView,
  date: dateView,
  datetime: datetimeView,
  duration: durationView,
  email: emailView,
  file: fileView,
  gap_set: gapSetView,
  id: idView,
  line_total: lineTotalView,
  link: linkView,
  long_text: longTextView,
  money: moneyView,
  multi_choice: multiChoiceView,
  number: numberView,
  percent: percentView,
  person: personView,
  person_name: personNameView,
  phone: phoneView,
  pipeline: pipelineView,
  rollup: rollupView,
  stage: stageView,
  text: textView,
  url: urlView,
  yes_no: yesNoView,
};

/** The view of a field; a type that the web does not know yet is shown as text. */
export const viewOf = (field: PublicField): FieldView => views[field.type] ?? textView;

/** Loads all inputs ahead of the first edit, while the browser has nothing else to do. */
export const preloadInputs = (): void => {
  for (const view of Object.values(views)) void view.preload?.();
};
