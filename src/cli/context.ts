/**
 * What every command needs: the database (the running server's, or started for the moment), migrations done,
 * packs in force, and a context that acts as the command line, which whoever may run it on this machine is.
 */
import { isAbsolute, join, resolve } from 'node:path';
import type { Context, Log, Principal } from '../core/context/context.ts';
import { startDefinitions } from '../engine/definitions/start.ts';
import { kinds } from '../kinds/index.ts';
import { readConfig, type Config } from '../platform/config/config.ts';
import { readWorkspace } from '../platform/config/workspace.ts';
import { permitted } from '../platform/auth/roles.ts';
import { migrate } from '../platform/database/migrate.ts';
import { openDatabase } from '../platform/database/open-database.ts';
import { debugging } from './failure.ts';

/** Folder of the checkout. */
export const root = resolve(import.meta.dirname, '../..');

const principal: Principal = {
  kind: 'system',
  id: 'cli',
  name: 'command line',
  user: null,
  teams: [],
  roles: ['administrator'],
};

/** As `npm start` sees it, which runs in the checkout. */
export const dataDirOf = ({ dataDir }: Pick<Config, 'dataDir'>): string =>
  isAbsolute(dataDir) ? dataDir : join(root, dataDir);

/**
 * Runs `work`, then leaves the database as it was found: running if a server uses it, else stopped. A signal
 * ends the command after that leaving, unless the command says that it listens itself.
 */
export async function withContext<T>(
  work: (context: Context) => Promise<T>,
  options: { ownSignals?: boolean } = {},
): Promise<T> {
  const config = readConfig(process.env);
  const database = await openDatabase({
    dataDir: dataDirOf(config),
    databaseUrl: config.databaseUrl,
    role: 'cli',
    log: (line) => debugging() && console.error(line),
  });
  const onSignal = (): void => void database.close().finally(() => process.exit(130));
  if (!options.ownSignals) for (const signal of signals) process.once(signal, onSignal);
  try {
    await migrate(database.pool, join(root, 'migrations'));
    const workspace = await readWorkspace(database.pool);
    const definitions = await startDefinitions({
      pool: database.pool,
      packsDir: join(root, 'packs'),
      kinds,
      workspace,
      log,
    });
    try {
      const catalog = definitions.current();
      return await work({
        pool: database.pool,
        catalog,
        principal,
        workspace,
        channel: 'cli',
        log,
        currentCatalog: () => definitions.refresh(),
        may: (permission) => permitted(definitions.current(), principal.roles, permission),
      });
    } finally {
      await definitions.close();
    }
  } finally {
    await database.close();
    for (const signal of signals) process.off(signal, onSignal);
  }
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Warnings are for the person at the keyboard, in words; the fields only when asked for. */
const log: Log = {
  info: (fields, message) => debugging() && console.error(message, fields),
  warn: (fields, message) => console.error(message, ...(debugging() ? [fields] : [])),
  error: (fields, message) => console.error(message, ...(debugging() ? [fields] : [])),
};
