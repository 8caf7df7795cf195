/** The database and the files as they are, without migrations: a restore wants them empty, a backup as they are. */
import { join } from 'node:path';
import type { Config } from '../platform/config/config.ts';
import type { Database } from '../platform/database/open-database.ts';
import type { LocalFileStore } from '../platform/files/file-store.ts';
import { dataDirOf } from './context.ts';
import { debugging } from './failure.ts';

export type Place = Pick<Database, 'connection' | 'pool' | 'embedded'> & {
  config: Config;
  dataDir: string;
  files: LocalFileStore;
};

/** Leaves the database as it was found: running if a server uses it, else stopped. */
export async function atPlace<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const { readConfig } = await import('../platform/config/config.ts');
  const { openDatabase } = await import('../platform/database/open-database.ts');
  const { openFileStore } = await import('../platform/files/file-store.ts');
  const config = readConfig(process.env);
  const dataDir = dataDirOf(config);
  const database = await openDatabase({
    dataDir,
    databaseUrl: config.databaseUrl,
    role: 'cli',
    log: (line) => debugging() && console.error(line),
  });
  try {
    const files = await openFileStore(join(dataDir, 'files'), config.s3);
    const { connection, pool, embedded } = database;
    return await work({ connection, pool, embedded, config, dataDir, files });
  } finally {
    await database.close();
  }
}
