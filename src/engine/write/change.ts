/** What a caller asks the write path to do, and what it answers. */
import type { Issue, Problem } from '../../core/errors/problem.ts';
import type { Queryable } from '../../core/sql/sql.ts';
import type { Verb } from '../../core/definitions/role.ts';
import type { Context } from '../../core/context/context.ts';

export type Values = Record<string, unknown>;

export type Change =
  /** `at`: what the paths of its findings begin with, where the call makes more than this record. */
  | { create: string; set: Values; id?: string; allowDuplicates?: boolean; at?: string }
  | { update: string; id: string; set: Values; version?: number }
  /** `through`: passes the open stages between, and is asked for all that they ask. */
  | ({ advance: string; id: string; to: string; version?: number; through?: boolean } & Advance)
  | { archive: string; id: string; version?: number }
  | { restore: string; id: string }
  /** Amounts of an open record fixed at today's exchange rates. */
  | { revalue: string; id: string }
  /**
   * The engine's own, of undo and of what follows a conversion: canonical values put (back) as they were, by nobody's
   * right to the record, without transition rules, under the stage's checkpoint.
   */
  | { putBack: string; id: string; values: Values; archived?: boolean };

export type Advance = {
  set?: Values;
  /** Companions: records of the serving objects, linked to the moved one. */
  activity?: Values;
  task?: Values;
  files?: readonly (string | Values)[];
  reason?: string;
  override_reason?: string;
};

/** A value that an optional field could not take, in a lenient write. */
export type LeftOut = { field: string; raw: string; issue: Issue };

export type Done = 'created' | 'changed' | 'unchanged' | 'archived' | 'restored';

export type Outcome =
  { ok: true; id: string; version: number; done: Done; left: LeftOut[] } | { ok: false; problem: Problem };

export type WriteInput = {
  changes: readonly Change[];
  /** all: any refusal throws its Problem and nothing is written; each: one outcome per change. */
  mode: 'all' | 'each';
  /** Signed into the events; from `startBatch`. */
  batch?: string;
  /** Values are text from a file, read by the types' parseText. */
  text?: { dateOrder?: 'dmy' | 'mdy' | 'ymd'; decimal?: '.' | ',' };
  /** A value that an optional field cannot take is left empty and listed in `left`. */
  lenient?: boolean;
  /**
   * Old records are born late: a create may stand in any stage, closed ones too, with its own dates, and what its
   * checkpoints ask for becomes gaps. Needs the right `imports.history`; changes of existing records are not touched.
   */
  history?: boolean;
  /** A right asked for beside that of each change, e.g. `mass_edit`, `import`. */
  verb?: Verb;
  /** Everything happens, and is rolled back. */
  dryRun?: boolean;
  /** Runs inside the transaction before commit, and again when that runs again: what stands or falls with the rows. */
  beside?(on: Queryable, outcomes: Outcome[]): Promise<void>;
  /** Runs inside the transaction before commit: its answer is stored under the Idempotency-Key. */
  respond?(on: Queryable, outcomes: Outcome[], context: Context): Promise<{ status: number; body: unknown }>;
};
