/** What a kind of checkpoint item is: a sentence, a condition judged by the database, and what would meet it. */
import type { z } from 'zod';
import type { Catalog, ObjectModel } from '../catalog/catalog.ts';
import type { Fix, Issue } from '../errors/problem.ts';
import type { Sql } from '../sql/sql.ts';

export type CheckpointEnv = {
  catalog: Catalog;
  object: ObjectModel;
  /** Compiles a condition over `object` rows known as `alias`; related objects are read without a role's scope. */
  condition(condition: unknown, object: string, alias: string): Sql;
  /** What does not hold together in a condition, each finding under `path`. */
  check(condition: unknown, object: string, path: string): readonly Issue[];
  /** Explains a condition in words. */
  explain(condition: unknown, object: string): string;
  /** Of a record at hand: whether its field has a value, so that only what lacks is asked for. */
  filled?(field: string): boolean;
};

export type CheckpointKind<S = any> = {
  key: string;
  label: string;
  meaning: string;
  /** zod schema of the settings beside `key`, `type`, `why`, `mode`; strict. */
  settings: z.ZodType<S>;
  check(settings: S, env: CheckpointEnv): readonly Issue[];
  /** Boolean over the record's row, known as alias `t`. */
  holds(settings: S, env: CheckpointEnv): Sql;
  /** What is missing, in one sentence, and what to send to `advance` to meet it. `path` is a field key or ''. */
  missing(settings: S, env: CheckpointEnv): { path: string; say: string; fix: Fix };
  /** Own fields it reads: judged again when one of them changes. */
  fields(settings: S, env: CheckpointEnv): readonly string[];
  /** Objects whose records are its evidence: archiving one of them judges the record again. */
  evidence(settings: S, env: CheckpointEnv): readonly string[];
};

export const defineCheckpointKind = <S>(kind: CheckpointKind<S>): CheckpointKind<S> => kind;
