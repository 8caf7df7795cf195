import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { importUndo } from './import-undo.ts';

test('the undo of an import is stopped on the way and let go on, and leaves alone what people changed', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-import-undo-test-'));
  const database = await testDatabase();
  try {
    const figures = await importUndo({ dataDir, databaseUrl: database.url }, { rows: 6_000, edits: 40 });
    expect(figures).toMatchObject({ edited: 40, kept: 40, living: 40, livingUntouched: 0 });
    expect(figures.putBack + figures.kept).toBe(figures.records);
    expect(figures.askedAt).toBeGreaterThan(0);
    expect(figures.stoppedAt).toBeGreaterThanOrEqual(figures.askedAt);
    expect(figures.stoppedAt).toBeLessThan(figures.records);
  } finally {
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 180_000);
