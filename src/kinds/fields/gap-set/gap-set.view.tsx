/** Checkpoint items that a record's stage asks for and that are missing. */
import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';
import { Dial } from '../../../web/ui/dial.tsx';

const words = (value: readonly string[] | null | undefined): string =>
  value?.length ? messages.t('record.gapCount', { count: value.length }) : '';

export const gapSetView = defineFieldView<string[]>({
  width: 110,
  text: words,
  Cell: ({ value }) =>
    value?.length ? (
      <span className="row due" style={{ gap: 6 }}>
        <Dial shape="missing" />
        <span className="cut">{words(value)}</span>
      </span>
    ) : null,
});
