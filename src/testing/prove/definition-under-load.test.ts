import { expect, test } from 'vitest';
import { testDatabase } from '../database.ts';
import { definitionUnderLoad } from './definition-under-load.ts';

test('definitions applied under load in two processes fail no valid request, and both serve the new field and object', async () => {
  const database = await testDatabase();
  try {
    const figures = await definitionUnderLoad(database.url, 2);
    expect(figures.failed).toEqual([]);
    expect(figures.notServed).toEqual([]);
    expect(figures.requests).toBeGreaterThan(100);
  } finally {
    await database.drop();
  }
}, 180_000);
