import { IconPaperclip } from '@tabler/icons-react';
import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { messages } from '../../../web/messages/messages.ts';
import type { KeptFile } from '../../../web/ui/file-drop.tsx';
import { lazyInput } from '../../../web/ui/lazy-input.tsx';

const FileDrop = lazyInput(async () => (await import('../../../web/ui/file-drop.tsx')).FileDrop);

export const fileView = defineFieldView<KeptFile>({
  width: 180,
  holdsFile: true,
  // History keeps the id alone.
  text: (value) => (typeof value === 'string' ? messages.t('fields.file') : (value?.name ?? '')),
  Cell: ({ value }) =>
    value ? (
      <a href={`/api/v1/files/${value.id}`} className="row value-link" style={{ gap: 6 }} download>
        <IconPaperclip size={14} stroke={1.6} />
        <span className="cut">{value.name}</span>
      </a>
    ) : null,
  Input: FileDrop,
  preload: FileDrop.preload,
  write: (value) => value?.id ?? null,
});
