/**
 * What a listener has not been sent yet. It is merged, not queued: whoever reads slowly gets fewer and larger
 * events, and never more than a bounded number of ids before it is told to read the list again.
 */
import type { ChangeKind, LiveChange } from './judge.ts';

export type Pending = {
  /** Too much has changed, or in ways that ids do not tell: read the list again. */
  stale: boolean;
  changes: Map<string, LiveChange>;
};

const mostIds = 500;

export const nothingPending = (): Pending => ({ stale: false, changes: new Map() });

export function addChanges(pending: Pending, changes: readonly LiveChange[]): void {
  if (pending.stale) return;
  for (const change of changes) {
    const before = pending.changes.get(change.id);
    pending.changes.set(change.id, {
      ...(before?.version === undefined ? {} : { version: before.version }),
      ...change,
      kind: before ? merged(before.kind, change.kind) : change.kind,
    });
  }
  if (pending.changes.size > mostIds) markStale(pending);
}

export function markStale(pending: Pending): void {
  pending.stale = true;
  pending.changes.clear();
}

/** What the two say together to whoever heard of neither. */
function merged(first: ChangeKind, then: ChangeKind): ChangeKind {
  if (then === 'changed' && first === 'entered') return 'entered';
  if (then === 'entered' && first === 'left') return 'changed';
  return then;
}
