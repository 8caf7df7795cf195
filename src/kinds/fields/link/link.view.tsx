/** A link to a record: its name, which leads there. */
import { useQuery } from '@tanstack/react-query';
import { defineFieldView, type CellProps, type InputProps } from '../../../core/kinds/field-view.ts';
import { recordName } from '../../../web/record/record-name.ts';
import { recordQuery, type LinkValue } from '../../../web/api/records.ts';
import { objectOf } from '../../../web/api/catalog.ts';
import { lazyInput } from '../../../web/ui/lazy-input.tsx';

export const RecordPicker = lazyInput(
  async () => (await import('../../../web/ui/record-picker.tsx')).RecordPicker,
);

function LinkCell({ value, field, env }: CellProps<LinkValue>) {
  if (!value) return null;
  return (
    <a href={env.address(field.link_to ?? '', value.id)} className="value-link">
      {value.name}
    </a>
  );
}

function LinkInput(props: InputProps<LinkValue>) {
  return <RecordPicker {...props} object={props.field.link_to ?? ''} />;
}

/** The literal of a condition is an id; its name is looked up. */
export function LinkArgument({ value, onChange, ...props }: InputProps & { extra?: readonly LinkValue[] }) {
  const id = typeof value === 'string' ? value : '';
  const known = props.extra?.find((choice) => choice.id === id);
  const name = useLinkName(known ? '' : id, props.field.link_to, props.env);
  return (
    <RecordPicker
      {...props}
      object={props.field.link_to ?? ''}
      value={id ? (known ?? { id, name }) : null}
      onChange={(chosen) => onChange(chosen?.id ?? null)}
      onPick={props.onPick ? (chosen) => props.onPick?.(chosen?.id ?? null) : undefined}
    />
  );
}

function useLinkName(id: string, object: string | undefined, env: InputProps['env']): string {
  const found = useQuery({ ...recordQuery(object ?? '', id), enabled: id !== '' && !id.startsWith('$') });
  const target = objectOf(env.catalog, object ?? '');
  return found.data && target ? recordName(found.data, target) : '…';
}

function LinkArgumentWords({ value, field, env }: CellProps) {
  return useLinkName(String(value ?? ''), field.link_to, env);
}

export const linkView = defineFieldView<LinkValue>({
  width: 170,
  text: (value) => value?.name ?? '',
  Cell: LinkCell,
  Input: LinkInput,
  preload: RecordPicker.preload,
  Argument: LinkArgument,
  ArgumentWords: LinkArgumentWords,
  write: (value) => value?.id ?? null,
});
