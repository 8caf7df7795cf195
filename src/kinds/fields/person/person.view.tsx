/** A user: their letters and name. In conditions also “me” and “my team”. */
import { defineFieldView, type CellProps, type InputProps } from '../../../core/kinds/field-view.ts';
import type { LinkValue } from '../../../web/api/records.ts';
import { messages } from '../../../web/messages/messages.ts';
import { Avatar } from '../../../web/ui/avatar.tsx';
import { LinkArgument, linkView, RecordPicker } from '../link/link.view.tsx';

const PersonCell = ({ value }: CellProps<LinkValue>) =>
  value ? (
    <span className="row" style={{ gap: 6 }}>
      <Avatar name={value.name} seed={value.id} />
      <span className="cut">{value.name}</span>
    </span>
  ) : null;

const people = (props: InputProps) => props.field.link_to ?? 'users';

export const personView = defineFieldView<LinkValue>({
  ...linkView,
  width: 165,
  Cell: PersonCell,
  Input: (props) => <RecordPicker {...props} object={people(props)} />,
  Argument: (props) => (
    <LinkArgument
      {...props}
      extra={[
        { id: '$me', name: messages.t('conditions.me') },
        { id: '$my_team', name: messages.t('conditions.myTeam') },
      ]}
    />
  ),
});
