/**
 * `npm run prove [name …]`: the long proofs, each printing its figures. `npm test` runs small versions of them.
 * PROVE_ROUNDS scales: kill (20 rounds), definitions (10 changes), import-kill (5 kills of 300,000 rows),
 * two-processes (6 kills), backup-under-load (5 times 20,000 deals and 40 MB of files).
 * PROVE_MEGABYTES is how large the file of import-memory is (2048).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../platform/database/open-database.ts';
import { postgresMissing, startPostgres } from '../postgres-server.ts';
import { backupUnderLoad, type Target } from './backup-under-load.ts';
import { definitionUnderLoad } from './definition-under-load.ts';
import type { Place } from '../server-process.ts';
import { importKill } from './import-kill.ts';
import { importMemory } from './import-memory.ts';
import { importUndo } from './import-undo.ts';
import { killEverything } from './kill-everything.ts';
import { twoProcesses } from './two-processes.ts';

const rounds = (normal: number): number => Number(process.env['PROVE_ROUNDS'] ?? normal);

/** A database server that several app processes share. */
async function withServer<T>(work: (url: string) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-prove-'));
  const database = await openDatabase({ dataDir, role: 'cli' });
  try {
    return await work(database.url);
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Each gives its figures, and whether what it proves holds. */
const proofs: Record<string, () => Promise<{ holds: boolean; figures: unknown }>> = {
  async kill() {
    const figures = await killEverything(rounds(20));
    return {
      holds: figures.lost.length === 0 && figures.inconsistent.length === 0 && figures.acknowledged > 0,
      figures,
    };
  },
  async definitions() {
    const figures = await withServer((url) => definitionUnderLoad(url, rounds(10)));
    return {
      holds: figures.failed.length === 0 && figures.notServed.length === 0 && figures.requests > 0,
      figures,
    };
  },
  async 'import-kill'() {
    const dataDirs = [1, 2].map(() => mkdtempSync(join(tmpdir(), 'groundwork-prove-')));
    try {
      const [whole, killed] = dataDirs.map((dataDir) => ({ dataDir })) as [Place, Place];
      const figures = await importKill({ whole, killed }, { rows: 300_000, kills: rounds(5) });
      return {
        holds:
          figures.differences.length === 0 &&
          figures.killedAt.length > 0 &&
          figures.loaded + figures.refused === figures.rows,
        figures,
      };
    } finally {
      for (const dataDir of dataDirs) rmSync(dataDir, { recursive: true, force: true });
    }
  },
  async 'import-memory'() {
    const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-prove-'));
    try {
      const megabytes = Number(process.env['PROVE_MEGABYTES'] ?? 2048);
      const figures = await importMemory({ dataDir }, { megabytes });
      return {
        holds:
          figures.peak > 0 &&
          figures.peak <= 500 &&
          figures.megabytes >= megabytes &&
          figures.loaded + figures.refused === figures.rows,
        figures,
      };
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
  async 'import-undo'() {
    const dataDir = mkdtempSync(join(tmpdir(), 'groundwork-prove-'));
    try {
      const figures = await importUndo({ dataDir }, { rows: 300_000, edits: 500 });
      return {
        holds:
          figures.stoppedAt >= figures.askedAt &&
          figures.stoppedAt < figures.records &&
          figures.putBack + figures.kept === figures.records &&
          figures.kept === figures.edited &&
          figures.living === figures.edited &&
          figures.livingUntouched === 0 &&
          figures.told &&
          figures.peak <= 500,
        figures,
      };
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
  async 'backup-under-load'() {
    if (postgresMissing !== undefined) console.error(postgresMissing);
    const old = postgresMissing === undefined ? await startPostgres({ fsync: 'on' }) : undefined;
    const targets: Target[] = [
      { on: 'PostgreSQL 18' },
      ...(old ? [{ on: 'PostgreSQL 15', databaseUrl: old.url }] : []),
    ];
    try {
      const scale = rounds(5);
      const figures = await backupUnderLoad(targets, { deals: scale * 20_000, megabytes: scale * 40 });
      return {
        holds: figures.differences.length === 0 && figures.backup.writesMeanwhile > 0 && old !== undefined,
        figures: { ...figures, differences: figures.differences.slice(0, 20) },
      };
    } finally {
      await old?.close();
    }
  },
  async 'two-processes'() {
    if (postgresMissing !== undefined) throw new Error(postgresMissing);
    const primary = await startPostgres({ fsync: 'on' });
    const standby = await primary.standby();
    try {
      const figures = await twoProcesses(
        { primary: primary.url, standby: standby.url },
        { kills: rounds(6), calmMs: 4_000, rounds: 6, roundMs: 5_000 },
      );
      return {
        holds:
          figures.wrong.length === 0 &&
          figures.inconsistent.length === 0 &&
          figures.failedReads === 0 &&
          figures.listeners.notTold.length === 0 &&
          figures.listeners.reconnected > 0 &&
          figures.acknowledged > 0,
        figures,
      };
    } finally {
      await standby.close();
      await primary.close();
    }
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in proofs));
if (unknown.length > 0) {
  console.error(`There is no proof “${unknown.join(', ')}”. Choose from: ${Object.keys(proofs).join(', ')}.`);
  process.exit(1);
}
let failed = 0;
for (const [name, prove] of Object.entries(proofs)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const began = performance.now();
  const { holds, figures } = await prove();
  if (!holds) failed += 1;
  console.log(
    `${name}: ${holds ? 'holds' : 'DOES NOT HOLD'} after ${((performance.now() - began) / 1000).toFixed(0)} s`,
  );
  console.log(JSON.stringify(figures, null, 2));
}
process.exit(failed > 0 ? 1 : 0);
