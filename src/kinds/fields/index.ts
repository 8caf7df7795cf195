/** Every field type. A new one is a folder and a line here. */
import type { FieldType } from '../../core/kinds/field-type.ts';
import { choice } from './choice/choice.ts';
import { computed } from './computed/computed.ts';
import { country } from './country/country.ts';
import { currency } from './currency/currency.ts';
import { date } from './date/date.ts';
import { datetime } from './datetime/datetime.ts';
import { duration } from './duration/duration.ts';
import { email } from './email/email.ts';
import { file } from './file/file.ts';
import { gapSet } from './gap-set/gap-set.ts';
import { id } from './id/id.ts';
import { lineTotal } from './line-total/line-total.ts';
import { link } from './link/link.ts';
import { longText } from './long-text/long-text.ts';
import { money } from './money/money.ts';
import { multiChoice } from './multi-choice/multi-choice.ts';
import { number } from './number/number.ts';
import { percent } from './percent/percent.ts';
import { person } from './person/person.ts';
import { personName } from './person-name/person-name.ts';
import { phone } from './phone/phone.ts';
import { pipeline } from './pipeline/pipeline.ts';
import { rollup } from './rollup/rollup.ts';
import { stage } from './stage/stage.ts';
import { text } from './text/text.ts';
import { url } from './url/url.ts';
import { yesNo } from './yes-no/yes-no.ts';

export const fieldTypes = {
  choice,
  computed,
  country,
  currency,
  date,
  datetime,
  duration,
  email,
  file,
  gap_set: gapSet,
  id,
  line_total: lineTotal,
  link,
  long_text: longText,
  money,
  multi_choice: multiChoice,
  number,
  percent,
  person,
  person_name: personName,
  phone,
  pipeline,
  rollup,
  stage,
  text,
  url,
  yes_no: yesNo,
} satisfies Record<string, FieldType>;
