import { expect, test } from 'vitest';
import { postgresMissing, startPostgres } from '../postgres-server.ts';
import { twoProcesses } from './two-processes.ts';

test.skipIf(postgresMissing !== undefined)(
  `of two app processes behind a proxy one is killed: nothing acknowledged is lost or done twice, and listeners come back${postgresMissing ? ` (${postgresMissing})` : ''}`,
  async () => {
    const primary = await startPostgres();
    const standby = await primary.standby();
    try {
      const figures = await twoProcesses(
        { primary: primary.url, standby: standby.url },
        { kills: 2, calmMs: 1_200, rounds: 1, roundMs: 500 },
      );
      expect(figures.wrong).toEqual([]);
      expect(figures.inconsistent).toEqual([]);
      expect(figures.failedReads).toBe(0);
      expect(figures.listeners.notTold).toEqual([]);
      expect(figures.listeners.reconnected).toBeGreaterThan(0);
      expect(figures.acknowledged).toBeGreaterThan(50);
      expect(figures.load.two.readsPerSecond).toBeGreaterThan(0);
    } finally {
      await standby.close();
      await primary.close();
    }
  },
  180_000,
);
