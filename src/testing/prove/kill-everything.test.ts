import { expect, test } from 'vitest';
import { killEverything } from './kill-everything.ts';

test('kill -9 of app and database under load loses no acknowledged write and leaves everything consistent', async () => {
  const figures = await killEverything(3);
  expect(figures.lost).toEqual([]);
  expect(figures.inconsistent).toEqual([]);
  expect(figures.acknowledged).toBeGreaterThan(50);
}, 180_000);
