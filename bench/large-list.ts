/** Does a list slow down as its table grows? The same page at the loaded size and at a million contacts. */
import { call, measure } from './measure.ts';
import { figure } from './reads.ts';
import type { Line } from './report.ts';
import type { Bench } from './start.ts';

export async function growList(bench: Bench, from: number, to: number): Promise<Line> {
  const pages = ['?limit=50', '?limit=50&sort=last_name'];
  const list = () =>
    measure(
      10,
      async (n) => void (await call(`${bench.url}/api/v1/contacts${pages[n % 2]}`, { key: bench.key })),
      8,
    );
  const small = await list();
  const { rows } = await bench.pool.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'crm.contacts'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  const columns = rows.map(({ name }) => name);
  const value = (name: string): string =>
    name === 'id'
      ? `(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint), 12, '0') || '7' || substr(md5(c.id::text || g), 2, 3) || '8' || substr(md5(c.id::text || g), 6, 15))::uuid`
      : name === 'email' || name === 'email__fold'
        ? `g || '.' || c."${name}"`
        : `c."${name}"`;
  const copies = Math.ceil(to / from) - 1;
  for (let g = 1; g <= copies; g++) {
    await bench.pool.query(
      `INSERT INTO crm.contacts (${columns.map((name) => `"${name}"`).join(', ')}) SELECT ${columns.map(value).join(', ')} FROM (SELECT * FROM crm.contacts ORDER BY id LIMIT ${from}) c CROSS JOIN (SELECT ${g}::text AS g) n`,
    );
  }
  await bench.pool.query('VACUUM ANALYZE crm.contacts');
  const large = await list();
  return {
    what: `list p95 at ${to.toLocaleString('en')} contacts, 10 at once`,
    ours: figure(large),
    beside: [
      {
        name: `the same at ${from.toLocaleString('en')}, p95`,
        figure: figure(small),
        ratio: large.p95 / small.p95,
        budget: { at: 'most', ratio: 1.3 },
      },
    ],
  };
}
