/** Names of indexes and constraints: readable, equal for equal meaning, at most 63 bytes, told to be ours. */
import { createHash } from 'node:crypto';

type Mark = 'ix' | 'ux' | 'fk';

/** `deals_amount_ix_1a2b3c4d`: what it is about, the sort, and eight digits of what it says. */
export function nameOfPart(object: string, about: string, mark: Mark, says: string): string {
  const digest = createHash('sha256').update(`${object}\0${says}`).digest('hex').slice(0, 8);
  return `${`${object}_${about}`.slice(0, 63 - 13)}_${mark}_${digest}`;
}

/** True for what `nameOfPart` named: what is not, somebody else made, and it is left alone. */
export const isOurs = (name: string): boolean => /_(ix|ux|fk)_[0-9a-f]{8}$/.test(name);

/** Cuts a column name to 63 bytes, keeping it unique by digits of what was cut. */
export function fitting(name: string): string {
  if (name.length <= 63) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${name.slice(0, 54)}_${digest}`;
}
