import { textLike } from '../text/text.view.tsx';

export const idView = textLike(
  {},
  { width: 290, Cell: ({ value }) => (value ? <code>{value}</code> : null) },
);
