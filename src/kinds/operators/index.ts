/** The operators of the condition language: the one list of them. */
import type { Operator } from '../../core/kinds/operator.ts';
import { between } from './between.ts';
import { contains } from './contains.ts';
import { endsWith } from './ends-with.ts';
import { eq } from './eq.ts';
import { gt } from './gt.ts';
import { gte } from './gte.ts';
import { has } from './has.ts';
import { hasAll } from './has-all.ts';
import { hasAny } from './has-any.ts';
import { isIn } from './in.ts';
import { lt } from './lt.ts';
import { lte } from './lte.ts';
import { missing } from './missing.ts';
import { ne } from './ne.ts';
import { next } from './next.ts';
import { notContains } from './not-contains.ts';
import { notIn } from './not-in.ts';
import { olderThan } from './older-than.ts';
import { outcome } from './outcome.ts';
import { startsWith } from './starts-with.ts';
import { within } from './within.ts';

const all: readonly Operator[] = [
  eq,
  ne,
  isIn,
  notIn,
  gt,
  gte,
  lt,
  lte,
  between,
  missing,
  contains,
  notContains,
  startsWith,
  endsWith,
  within,
  next,
  olderThan,
  has,
  hasAny,
  hasAll,
  outcome,
];

export const operators: Readonly<Record<string, Operator>> = Object.fromEntries(
  all.map((operator) => [operator.key, operator]),
);
