import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { DateInput } from '../../../web/ui/date-input.tsx';
import { dateWords, exactDate } from '../../../web/ui/dates.ts';

export const dateView = defineFieldView<string>({
  align: 'end',
  width: 110,
  text: (value, _field, env) =>
    value ? dateWords(value, { locale: env.locale, timeZone: env.timeZone, now: env.now() }) : '',
  Cell: ({ value, env }) =>
    value ? (
      <time dateTime={value} title={exactDate(value, env.locale)}>
        {dateWords(value, { locale: env.locale, timeZone: env.timeZone, now: env.now() })}
      </time>
    ) : null,
  Input: DateInput,
});
