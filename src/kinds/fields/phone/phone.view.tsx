import { textLike } from '../text/text.view.tsx';

/** `+49301234567;ext=12` is read as `+49301234567 ext. 12`; dialling takes the RFC 3966 form as it is. */
const shown = (value: string | null | undefined): string => (value ?? '').replace(/;ext=/, ' ext. ');

export const phoneView = textLike(
  { type: 'tel', inputMode: 'tel' },
  {
    width: 160,
    text: shown,
    Cell: ({ value }) =>
      value ? (
        <a href={`tel:${value}`} className="value-link">
          {shown(value)}
        </a>
      ) : null,
  },
);
