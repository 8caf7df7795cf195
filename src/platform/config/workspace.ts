/** The workspace's settings: one row, the same for everybody. Until set-up is finished its defaults serve. */
import type { Workspace } from '../../core/context/context.ts';
import { row, rows, sql, type Queryable } from '../../core/sql/sql.ts';

export async function readWorkspace(on: Queryable): Promise<Workspace & { setupFinished: boolean }> {
  const found = await row<Workspace & { setupFinished: boolean }>(
    on,
    sql`SELECT name, time_zone AS "timeZone", currency, country, setup_finished_at IS NOT NULL AS "setupFinished"
        FROM platform.workspace`,
  );
  return found!;
}

export type WatchedWorkspace = { current(): Workspace; reload(): Promise<void> };

/** The settings as every request needs them, without asking the database; `reload` when they were changed. */
export async function watchWorkspace(on: Queryable): Promise<WatchedWorkspace> {
  let current = await readWorkspace(on);
  return {
    current: () => current,
    async reload() {
      current = await readWorkspace(on);
    },
  };
}

/** The settings must have been checked. */
export async function finishSetup(on: Queryable, workspace: Workspace): Promise<void> {
  await rows(
    on,
    sql`UPDATE platform.workspace SET name = ${workspace.name}, time_zone = ${workspace.timeZone},
          currency = ${workspace.currency}, country = ${workspace.country}, setup_finished_at = now()`,
  );
}
