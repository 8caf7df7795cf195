import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { importKill } from './import-kill.ts';

test('an import that is killed three times and resumed leaves what an undisturbed one leaves', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-import-kill-test-'));
  const [whole, killed] = [await testDatabase(), await testDatabase()];
  try {
    const figures = await importKill(
      { whole: { dataDir, databaseUrl: whole.url }, killed: { dataDir, databaseUrl: killed.url } },
      { rows: 6_000, kills: 3 },
    );
    expect(figures.differences).toEqual([]);
    expect(figures.loaded).toBeGreaterThan(5_900);
    expect(figures.loaded + figures.refused).toBe(6_000);
    expect(figures.killedAt.length).toBeGreaterThan(0);
  } finally {
    await whole.drop();
    await killed.drop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 180_000);
