import { textLike } from '../text/text.view.tsx';

export const emailView = textLike(
  { type: 'email', inputMode: 'email' },
  {
    width: 220,
    Cell: ({ value }) =>
      value ? (
        <a href={`mailto:${value}`} className="value-link">
          {value}
        </a>
      ) : null,
    Argument: textLike().Input!,
  },
);
