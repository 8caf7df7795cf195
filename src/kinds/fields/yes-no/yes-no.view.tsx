import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';
import { ChoiceInput } from '../choice/choice.view.tsx';

const words = (value: unknown): string =>
  value === true ? messages.t('fields.yes') : value === false ? messages.t('fields.no') : '';

const read = (key: string | null): boolean | null => (key === null ? null : key === 'true');

export const yesNoView = defineFieldView<boolean>({
  width: 90,
  text: words,
  Cell: ({ value }) => words(value) || null,
  Input: ({ value, onChange, onPick, ...rest }) => (
    <ChoiceInput
      {...rest}
      data={[true, false].map((one) => ({ value: String(one), label: words(one) }))}
      value={value === null || value === undefined ? null : String(value)}
      onChange={(key) => onChange(read(key))}
      onPick={onPick && ((key) => onPick(read(key)))}
    />
  ),
});
