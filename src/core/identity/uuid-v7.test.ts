import { expect, test } from 'vitest';
import { isUuid, uuidV7 } from './uuid-v7.ts';

test('ids are UUIDs of version 7, unique, and rise even within one millisecond', () => {
  const ids = Array.from({ length: 20_000 }, uuidV7);
  for (const id of ids.slice(0, 100)) {
    expect(isUuid(id)).toBe(true);
    expect(id).toMatch(/^.{14}7.{4}[89ab]/);
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect([...ids].sort()).toEqual(ids);
  expect(Math.abs(Number.parseInt(ids.at(-1)!.replace('-', '').slice(0, 12), 16) - Date.now())).toBeLessThan(
    1000,
  );
});
