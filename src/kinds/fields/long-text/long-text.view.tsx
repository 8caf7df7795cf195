import { lazyInput } from '../../../web/ui/lazy-input.tsx';
import { textLike } from '../text/text.view.tsx';
import classes from './long-text.module.css';

const LongTextInput = lazyInput(async () => (await import('./long-text-input.tsx')).LongTextInput);

export const longTextView = textLike(
  {},
  {
    wide: true,
    width: 280,
    Cell: ({ value }) => (value ? <span className={classes.prose}>{value}</span> : null),
    Input: LongTextInput,
    preload: LongTextInput.preload,
    Argument: textLike().Input!,
  },
);
