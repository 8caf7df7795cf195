/** A record on its way through the write path. */
import type {
  FieldModel,
  LinesModel,
  ObjectModel,
  PipelineModel,
  StageModel,
} from '../../core/catalog/catalog.ts';
import type { Issue } from '../../core/errors/problem.ts';
import type { LeftOut } from './change.ts';

export type Move = {
  kind: 'enter' | 'forward' | 'close' | 'back' | 'reopen' | 'pipeline';
  from?: StageModel;
  to: StageModel;
  pipeline: PipelineModel;
  reason?: string;
  override?: string;
  /** Transition rules that it breaks. */
  issues: Issue[];
};

export type Row = {
  /** Position of the change it belongs to; a companion carries its record's. */
  index: number;
  kind: 'create' | 'update' | 'archive' | 'restore';
  object: ObjectModel;
  id: string;
  /** Canonical values to write, by field key. After `settle` only those that differ from the stored. */
  values: Map<string, unknown>;
  /** What was typed, where normalising lost something; null takes it away. */
  typed: Map<string, string | null>;
  left: LeftOut[];
  /** Prefix of paths in its findings, for companions: `activity.`, `files.0.`. */
  path: string;
  companion: boolean;
  /** Present for all but creates, once locked: the stored row with all its columns. */
  old?: Record<string, unknown>;
  expectedVersion?: number;
  allowDuplicates?: boolean;
  /** Born late, by an import of history: what is unmet becomes gaps. */
  bornLate?: boolean;
  /** Undo: values are canonical, transition rules do not apply. */
  putBack?: boolean;
  /** Made by the engine: its money field becomes the sum of its lines. `fresh`: none of them was there before. */
  sumOf?: { lines: LinesModel; fresh: boolean };
  /** Amounts of an open record are fixed at today's rates. */
  revalue?: boolean;
  /** Fields that were worked out anew from others in this write. */
  reckoned?: Set<string>;
  /** Passes the open stages between. */
  through?: boolean;
  reason?: string;
  override?: string;
  move?: Move;
  /** What the event says beside the old values. */
  note: Record<string, unknown>;
  /** Gaps after judging, when they differ from the stored. */
  gaps?: string[];
};

/** The stored canonical value of a field, before this write; null for a new record. */
export const oldValue = (row: Row, field: FieldModel): unknown =>
  row.old ? field.type.stored(row.old, field) : null;

/** The canonical value as it will stand. */
export function newValue(row: Row, key: string): unknown {
  if (row.values.has(key)) return row.values.get(key);
  const field = row.object.fields.get(key);
  return field ? oldValue(row, field) : null;
}

/** Whether two canonical values are one; keys may stand in any order, for jsonb keeps its own. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && sameValue(one[key], other[key]))
  );
}

export const nextVersion = (row: Row): number => (row.old ? Number(row.old['version']) + 1 : 1);
