import { textLike } from '../text/text.view.tsx';

const short = (value: string): string => value.replace(/^https?:\/\/(www\.)?/, '').replace(/\/$/, '');

/** Only addresses a browser may open safely become links. */
const safe = (value: string): boolean => /^https?:\/\//i.test(value);

export const urlView = textLike(
  { type: 'text', inputMode: 'url' },
  {
    width: 200,
    Cell: ({ value }) => {
      if (!value) return null;
      if (!safe(value)) return value;
      return (
        <a href={value} target="_blank" rel="noopener noreferrer" className="value-link" title={value}>
          {short(value)}
        </a>
      );
    },
  },
);
