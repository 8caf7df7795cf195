import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { lazyInput } from '../../../web/ui/lazy-input.tsx';
import { choiceLabel, choiceView, listValues } from '../choice/choice.view.tsx';

const MultiChoiceInput = lazyInput(async () => (await import('./multi-choice-input.tsx')).MultiChoiceInput);

export const multiChoiceView = defineFieldView<string[]>({
  width: 180,
  choices: listValues,
  text: (value, field, env) =>
    (value ?? []).map((key) => choiceLabel(listValues(field, env), key)).join(', '),
  Cell: ({ value, field, env }) =>
    value?.length ? value.map((key) => choiceLabel(listValues(field, env), key)).join(', ') : null,
  Input: MultiChoiceInput,
  preload: MultiChoiceInput.preload,
  // A condition names its values one by one; the builder repeats the argument where several are asked.
  Argument: choiceView.Input!,
  ArgumentWords: ({ value, field, env }) => choiceLabel(listValues(field, env), value),
});
