/** What became of a row: whether it changes anything, the event that tells it, the answer to the caller. */
import type { Problem } from '../../core/errors/problem.ts';
import type { EventRow } from '../events/append.ts';
import type { Done, Outcome, WriteInput } from './change.ts';
import { nextVersion, oldValue, type Row } from './row.ts';

export const changes = (row: Row): boolean => row.kind !== 'update' || row.values.size > 0;

export function eventOf(row: Row): EventRow {
  const old: Record<string, unknown> = {};
  if (row.old) {
    for (const key of row.values.keys()) old[key] = oldValue(row, row.object.fields.get(key)!);
  }
  const note = { ...row.note };
  if (row.move) {
    if (row.move.from) note['from'] = row.move.from.key;
    note['to'] = row.move.to.key;
    if (row.move.reason !== undefined) note['reason'] = row.move.reason;
  }
  const type = {
    create: 'created',
    archive: 'archived',
    restore: 'restored',
    update: changes(row) ? (row.move ? 'moved' : 'changed') : 'gaps',
  }[row.kind] as EventRow['type'];
  return {
    object: row.object.key,
    record: row.id,
    version: changes(row) ? nextVersion(row) : Number(row.old!['version']),
    type,
    old: row.kind === 'create' ? null : old,
    note,
  };
}

export function outcomesOf(
  input: WriteInput,
  rows: readonly Row[],
  refused: ReadonlyMap<number, Problem>,
): Outcome[] {
  const byIndex = new Map(rows.filter((row) => !row.companion).map((row) => [row.index, row]));
  return input.changes.map((_, index): Outcome => {
    const row = byIndex.get(index);
    if (!row) return { ok: false, problem: refused.get(index)! };
    const changed = changes(row);
    const done: Done = changed
      ? ({ create: 'created', update: 'changed', archive: 'archived', restore: 'restored' } as const)[
          row.kind
        ]
      : 'unchanged';
    return {
      ok: true,
      id: row.id,
      version: changed ? nextVersion(row) : Number(row.old!['version']),
      done,
      left: row.left,
    };
  });
}
