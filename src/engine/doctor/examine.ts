/** All checks, one line each; a new one is a line here. */
import { fail, type Check, type Finding, type OpenPlace, type Place } from './check.ts';
import * as database from './database.ts';
import * as machine from './machine.ts';
import * as workspace from './workspace.ts';

const checks: readonly Check[] = [
  machine.node,
  machine.dataFolder,
  machine.address,
  database.settings,
  database.migrations,
  database.standby,
  database.horizon,
  database.deadRows,
  workspace.definitions,
  workspace.sums,
  workspace.files,
  workspace.backups,
  workspace.work,
  workspace.people,
];

export type Examined = Finding & { about: string };

/**
 * Looks at everything, and gives every finding. `open` opens the database; where it cannot, that is a finding, and
 * what needs no database is looked at all the same. A check that fails itself is one more finding.
 */
export async function examine(place: Place, open: () => Promise<OpenPlace>): Promise<Examined[]> {
  const found: Examined[] = [];
  const opened = await open().catch((error: unknown) => error as Error);
  for (const check of checks) {
    try {
      if (!check.needsDatabase) found.push(...named(check, await check.look(place)));
      else if (!(opened instanceof Error)) found.push(...named(check, await check.look(opened)));
    } catch (error) {
      found.push({
        about: check.about,
        ...fail(
          `This could not be looked at: ${(error as Error).message}`,
          'Mend what is wrong above first.',
        ),
      });
    }
  }
  if (opened instanceof Error) {
    found.push({
      about: 'Database',
      ...fail(
        opened.message,
        'Start it, or correct DATABASE_URL or DATA_DIR; the rest is looked at when it answers.',
      ),
    });
  }
  return found;
}

const named = ({ about }: Check, findings: readonly Finding[]): Examined[] =>
  findings.map((finding) => ({ about, ...finding }));
