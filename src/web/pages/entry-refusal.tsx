import classes from './entry-refusal.module.css';

/** Why one cannot go on, above the button that tries again. */
export const EntryRefusal = ({ words }: { words: string | undefined }) =>
  words ? (
    <p role="alert" className={classes.refused}>
      {words}
    </p>
  ) : null;
