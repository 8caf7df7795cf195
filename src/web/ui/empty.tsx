/** A page without content teaches: what belongs here, why it helps, and the button that makes the first one. */
import type { ReactNode } from 'react';
import classes from './empty.module.css';

export function Empty({ title, text, children }: { title: string; text: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <h2>{title}</h2>
      <p>{text}</p>
      {children && <div className={classes.acts}>{children}</div>}
    </div>
  );
}
