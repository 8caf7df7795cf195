/** The quiet page around signing in and setting up. */
import type { ReactNode } from 'react';
import { Mark } from '../ui/mark.tsx';
import classes from './entry-frame.module.css';

export function EntryFrame({ title, text, children }: { title: string; text?: string; children: ReactNode }) {
  return (
    <main className={classes.page}>
      <div className={classes.sheet}>
        <Mark size={28} />
        <h1>{title}</h1>
        {text && <p className={classes.text}>{text}</p>}
        {children}
      </div>
    </main>
  );
}
