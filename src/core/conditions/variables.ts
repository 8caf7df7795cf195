/**
 * Scope variables and the one table that says which place may use which. A place is where a condition
 * stands in a definition or call; what it may not use is refused when it is saved.
 */
import { parseSpan, type Moment } from './span.ts';

export type Place =
  'list' | 'role' | 'checkpoint' | 'entry' | 'computed' | 'rollup' | 'match' | 'kpi' | 'automation';
export type RowVariable = 'old' | 'other' | 'parent' | 'input';

export type Variable =
  | { kind: 'me' }
  | { kind: 'my_team' }
  | { kind: 'moment'; moment: Moment }
  /** A field of another row: the row before, the other of a pair, the record around, what was sent. */
  | { kind: 'row'; row: RowVariable; field: string };

type Rules = {
  /** The words a sentence uses for the place. */
  words: string;
  me: boolean;
  time: boolean;
  rows: readonly RowVariable[];
  /** Paths over links and related records. */
  links: boolean;
};

/** `$parent` is the record around a related record's condition; so it needs links. */
export const places: Readonly<Record<Place, Rules>> = {
  list: { words: 'a filter', me: true, time: true, rows: ['parent'], links: true },
  role: { words: 'a role’s scope', me: true, time: true, rows: ['parent'], links: true },
  checkpoint: { words: 'a checkpoint', me: false, time: true, rows: ['parent'], links: true },
  entry: { words: 'a pipeline’s entry condition', me: false, time: true, rows: ['parent'], links: true },
  computed: { words: 'a computed field', me: false, time: true, rows: [], links: false },
  rollup: { words: 'a rollup', me: false, time: false, rows: [], links: false },
  match: { words: 'a match rule', me: false, time: false, rows: ['other'], links: false },
  kpi: { words: 'a KPI', me: false, time: true, rows: ['parent'], links: true },
  automation: {
    words: 'an automation',
    me: false,
    time: true,
    rows: ['parent', 'old', 'input'],
    links: true,
  },
};

/** How the table calls a variable: the column of it. */
export function allowed(variable: Variable, place: Place): boolean {
  const rules = places[place];
  if (variable.kind === 'row') return rules.rows.includes(variable.row);
  return variable.kind === 'moment' ? rules.time : rules.me;
}

/** Names of the variables a place may use, for the sentence that says so. */
export function variablesOf(place: Place): string[] {
  const rules = places[place];
  return [
    ...(rules.me ? ['$me', '$my_team'] : []),
    ...(rules.time ? ['$now', '$today'] : []),
    ...rules.rows.map((row) => `$${row}.field`),
  ];
}

/** Reads `$me`, `$now-14d`, `$old.stage` …; undefined when there is no such variable. */
export function parseVariable(text: string): Variable | undefined {
  if (text === '$me') return { kind: 'me' };
  if (text === '$my_team') return { kind: 'my_team' };
  const moment = /^\$(now|today)(?:([+-])(.+))?$/.exec(text);
  if (moment) {
    const span = moment[3] === undefined ? undefined : parseSpan(moment[3]);
    if (moment[3] !== undefined && !span) return undefined;
    return {
      kind: 'moment',
      moment: { base: moment[1] as 'now' | 'today', sign: moment[2] === '-' ? -1 : 1, span },
    };
  }
  const row = /^\$(old|other|parent|input)\.([a-z][a-z0-9_]{0,47})$/.exec(text);
  return row ? { kind: 'row', row: row[1] as RowVariable, field: row[2]! } : undefined;
}
