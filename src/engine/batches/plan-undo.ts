/** What to put back on one record, and what to keep because somebody has worked on it since. */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import { sameValue } from '../write/row.ts';

export type UndoEvent = {
  id: number;
  record: string;
  version: number;
  type: string;
  at: string;
  actor_name: string;
  old: Record<string, unknown> | null;
  /** Written by the batch, or by what undid it before. */
  mine: boolean;
};

/** A field of the record, or all of it, that stays as it is. */
export type KeptPart = { field?: string; why: string; by?: string; at?: string };

export type UndoPlan = {
  change?: { values: Record<string, unknown>; archived?: boolean };
  kept: KeptPart[];
};

const changedSince = 'It was changed since.';

const since = (event: UndoEvent | undefined): Pick<KeptPart, 'by' | 'at'> =>
  event ? { by: event.actor_name, at: event.at } : {};

/** From all events of the record, by version, and its present row. */
export function planUndo(
  object: ObjectModel,
  events: readonly UndoEvent[],
  stored: Record<string, unknown>,
): UndoPlan {
  const firstMine = events.findIndex((event) => event.mine);
  if (firstMine < 0) return { kept: [] };
  const others = events.slice(firstMine).filter((event) => !event.mine);
  if (events[firstMine]!.type === 'created') {
    if (stored['archived_at'] !== null) return { kept: [] };
    return others.length > 0
      ? { kept: [{ why: 'Somebody has worked on it since it was created.', ...since(others.at(-1)) }] }
      : { change: { values: {}, archived: true }, kept: [] };
  }
  const values: Record<string, unknown> = {};
  const kept: KeptPart[] = [];
  const touched = new Set(
    events.filter((event) => event.mine).flatMap((event) => Object.keys(event.old ?? {})),
  );
  for (const key of touched) {
    const field = object.fields.get(key);
    if (!field) {
      kept.push({ field: key, why: 'The field is no longer defined.' });
      continue;
    }
    const writes = events.filter((event) => key in (event.old ?? {}));
    const lastMine = writes.findLastIndex((event) => event.mine);
    // Back to what was there before the batch, or to what somebody put there between two of its writes.
    const firstMine = writes.slice(0, lastMine).findLastIndex((event) => !event.mine) + 1;
    const before = writes[firstMine]!.old![key];
    const present = field.type.stored(stored, field);
    const wrote = writes[lastMine + 1] ? writes[lastMine + 1]!.old![key] : present;
    if (sameValue(present, wrote)) values[key] = before;
    else kept.push({ field: key, why: changedSince, ...since(writes.at(-1)) });
  }
  keepStanding(object, values, kept);
  const lives = events.filter(
    (event) => event.mine && (event.type === 'archived' || event.type === 'restored'),
  );
  const archived = lives.length > 0 ? lives[0]!.type === 'restored' : undefined;
  const flips = archived !== undefined && (stored['archived_at'] !== null) !== archived;
  if (Object.keys(values).length === 0 && !flips) return { kept };
  return { change: flips ? { values, archived } : { values }, kept };
}

/** Pipeline and stages belong together: where one was changed since, the others are kept too. */
function keepStanding(object: ObjectModel, values: Record<string, unknown>, kept: KeptPart[]): void {
  const together = [object.pipelineField, object.stageField, 'last_open_stage', 'stage_entered_at'];
  const moved = kept.find(({ field }) => together.includes(field));
  if (!moved) return;
  for (const key of together) {
    if (key === undefined || !(key in values)) continue;
    delete values[key];
    kept.push({ ...moved, field: key });
  }
}
