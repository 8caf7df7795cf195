/** One thing that may be wrong with an installation, how it is found, and how it is mended. Nothing is changed. */
import type { Pool } from 'pg';
import type { Kinds } from '../../core/catalog/catalog.ts';
import type { BackupPlan } from '../../core/context/context.ts';
import type { LocalFileStore } from '../../platform/files/file-store.ts';

export type Finding = {
  level: 'ok' | 'warn' | 'fail';
  /** What is so, as a sentence. */
  says: string;
  /** What to do about it; always there unless the level is ok. */
  mend?: string;
};

/** What a check may look at. */
export type Place = {
  dataDir: string;
  publicUrl?: string;
  trustProxy: boolean | number | string[];
  databaseUrl?: string;
  readUrl?: string;
  backups: BackupPlan;
  migrations: string;
  kinds: Kinds;
};

/** With the database, where it answers. */
export type OpenPlace = Place & {
  pool: Pool;
  serverVersion: number;
  files: LocalFileStore;
};

/** What needs no database is looked at even where that does not answer. */
export type Check =
  | { about: string; needsDatabase: false; look(place: Place): Promise<Finding[]> }
  | { about: string; needsDatabase: true; look(place: OpenPlace): Promise<Finding[]> };

export const ok = (says: string): Finding => ({ level: 'ok', says });
export const warn = (says: string, mend: string): Finding => ({ level: 'warn', says, mend });
export const fail = (says: string, mend: string): Finding => ({ level: 'fail', says, mend });
