import { expect, test } from 'vitest';
import { postgresMissing, startPostgres } from '../postgres-server.ts';
import { backupUnderLoad, type Target } from './backup-under-load.ts';

test('what is restored of a backup taken under load equals the moment it names, on PostgreSQL 15 and 18', async () => {
  const old = postgresMissing === undefined ? await startPostgres() : undefined;
  try {
    const targets: Target[] = [
      { on: 'PostgreSQL 18' },
      ...(old ? [{ on: 'PostgreSQL 15', databaseUrl: old.url }] : []),
    ];
    const figures = await backupUnderLoad(targets, { deals: 2_000, megabytes: 8 });
    expect(figures.differences).toEqual([]);
    expect(figures.backup.writesMeanwhile).toBeGreaterThan(0);
    expect(figures.inTheBackup).toBeGreaterThan(50);
    expect(figures.inTheBackup).toBeLessThan(figures.acknowledged);
  } finally {
    await old?.close();
  }
}, 240_000);
