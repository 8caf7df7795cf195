import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { importMemory, type ImportMemoryFigures } from './import-memory.ts';

async function figuresOf(megabytes: number): Promise<ImportMemoryFigures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-import-memory-test-'));
  const database = await testDatabase();
  try {
    return await importMemory({ dataDir, databaseUrl: database.url }, { megabytes, heap: 80 });
  } finally {
    await database.drop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test('an import of a larger file takes no more memory: what is added to the file is not added to the process', async () => {
  const [small, large] = [await figuresOf(16), await figuresOf(60)];
  for (const { loaded, refused, rows } of [small, large]) expect(loaded + refused).toBe(rows);
  expect(small.peak).toBeGreaterThan(50);
  expect(large.peak - small.peak).toBeLessThan(large.megabytes - small.megabytes);
}, 300_000);
