/** Tells every process that who somebody is may have changed, when a user or a team did; heard on commit. */
import { sql, type Queryable } from '../../core/sql/sql.ts';
import type { Row } from './row.ts';
import type { Run } from './run.ts';

/** The channel that sign-in listens on. */
const channel = 'access_changed';

export async function tellAccessChanged(run: Run, on: Queryable, rows: readonly Row[]): Promise<void> {
  const { user, team } = run.context.catalog.serving;
  const known = rows.filter(
    (row) => row.kind !== 'create' && (row.object.key === user || row.object.key === team),
  );
  if (known.length === 0) return;
  // One user by id; a team, or many, by the empty notice that makes everybody look again.
  const payload = known.length === 1 && known[0]!.object.key === user ? `user:${known[0]!.id}` : '';
  await run.query(on, sql`SELECT pg_notify(${channel}::text, ${payload}::text)`);
}
