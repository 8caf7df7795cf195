/** The rows just loaded, once more by bare COPY into copies of the same tables, indexes, keys and events. */
import { once } from 'node:events';
import { createReadStream, createWriteStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { Loaded } from './load.ts';
import type { Line } from './report.ts';
import type { Bench } from './start.ts';

const tables = ['crm.accounts', 'crm.contacts', 'crm.deals', 'platform.events'];

export async function bareCopy(bench: Bench, loaded: Loaded): Promise<Line> {
  const client = await bench.barePool.connect(); // COPY cannot share a pipelined connection
  const file = (table: string): string => join(bench.dataDir, `${table}.copy`);
  const twin = (table: string): string => `bare.${table.split('.')[1]}`;
  try {
    await client.query('CREATE SCHEMA bare');
    for (const table of tables) {
      await client.query(`CREATE TABLE ${twin(table)} (LIKE ${table} INCLUDING ALL)`);
      const out = createWriteStream(file(table));
      await pipeline(client.query(copyTo(`COPY ${table} TO STDOUT`)), out);
      if (!out.closed) await once(out, 'close');
    }
    const { rows: keys } = await client.query<{ t: string; name: string; def: string }>(
      `SELECT conrelid::regclass::text AS t, conname AS name, pg_get_constraintdef(oid) AS def FROM pg_constraint
       WHERE contype = 'f' AND conrelid = ANY(ARRAY['crm.accounts','crm.contacts','crm.deals']::regclass[])`,
    );
    for (const key of keys) {
      const def = key.def.replace(/REFERENCES crm\.(accounts|contacts|deals)\b/, 'REFERENCES bare.$1');
      await client.query(`ALTER TABLE ${twin(key.t)} ADD CONSTRAINT "${key.name}" ${def}`);
    }
    const began = performance.now();
    for (const table of tables) {
      await pipeline(createReadStream(file(table)), client.query(copyFrom(`COPY ${twin(table)} FROM STDIN`)));
    }
    const seconds = (performance.now() - began) / 1000;
    await client.query('DROP SCHEMA bare CASCADE');
    return {
      what: 'bulk load through the write path',
      ours: `${Math.round(loaded.rows / loaded.seconds).toLocaleString('en')} rows/s`,
      beside: [
        {
          name: 'COPY into the same tables, indexes and events',
          figure: `${Math.round(loaded.rows / seconds).toLocaleString('en')} rows/s`,
          ratio: seconds / loaded.seconds,
          budget: { at: 'least', ratio: 0.25 },
        },
      ],
    };
  } finally {
    client.release();
    for (const table of tables) rmSync(file(table), { force: true });
  }
}
