/** Creates and stage moves over HTTP, beside a bare transaction that writes the same rows. */
import { uuidV7 } from '../src/core/identity/uuid-v7.ts';
import { call, measure } from './measure.ts';
import { dealOf } from './people.ts';
import { figure, idsOf } from './reads.ts';
import type { Line } from './report.ts';
import type { Bench } from './start.ts';

export async function writes(bench: Bench): Promise<Line[]> {
  const lines: Line[] = [];
  const owner = JSON.parse(
    await call(`${bench.url}/api/v1/users`, {
      key: bench.key,
      method: 'POST',
      body: { name: 'Bench Owner', email: 'bench@groundwork.example', role: 'sales_representative' },
    }),
  ) as { id: string };
  const accounts = await idsOf(bench, 'accounts', 5000);
  const fresh = await idsOf(bench, 'deals', 50_000, "stage = 'new'");
  let ours = 0;
  let theirs = fresh.length;
  let made = 1_000_000;
  const columns = await storedColumns(bench, 'deals');
  const activityColumns = await storedColumns(bench, 'activities');

  const createdId = (
    JSON.parse(
      await call(`${bench.url}/api/v1/deals`, {
        key: bench.key,
        method: 'POST',
        body: dealOf(made++, accounts[0]),
      }),
    ) as { id: string }
  ).id;
  const insertDeal = insertOf('deals', columns, createdId, { account: '$2::uuid' });
  for (const callers of [1, 10]) {
    const create = await measure(callers, async (n) => {
      await call(`${bench.url}/api/v1/deals`, {
        key: bench.key,
        method: 'POST',
        body: dealOf(made++, accounts[n % accounts.length]),
      });
    });
    const bare = await measure(callers, (n) =>
      bare1(bench, async (query) => {
        const id = uuidV7();
        const account = accounts[n % accounts.length]!;
        await query('bare_create', insertDeal, [id, account]);
        // The account's stored rollups change with each deal: one of the rows that are written.
        await query('bare_rollup', 'UPDATE crm.accounts SET open_deals = open_deals + 1 WHERE id = $1', [
          account,
        ]);
        await event(query, 'deals', id, 'created', null);
      }),
    );
    lines.push(compare(`create a deal, ${callers} at once`, create, bare, 0.35));
  }

  const body = {
    to: 'contact_established',
    set: { owner: owner.id },
    activity: {
      type: 'call',
      subject: 'First call',
      result: 'reached',
      occurred_at: new Date().toISOString(),
    },
  };
  const first = fresh[ours++]!;
  await call(`${bench.url}/api/v1/deals/${first}/advance`, { key: bench.key, method: 'POST', body });
  const { rows } = await bench.pool.query<{ id: string }>(
    'SELECT id FROM crm.activities ORDER BY id DESC LIMIT 1',
  );
  const insertActivity = insertOf('activities', activityColumns, rows[0]!.id, { deal: '$2::uuid' });
  for (const callers of [1, 10]) {
    const move = await measure(callers, async () => {
      await call(`${bench.url}/api/v1/deals/${fresh[ours++]}/advance`, {
        key: bench.key,
        method: 'POST',
        body,
      });
    });
    const bare = await measure(callers, () =>
      bare1(bench, async (query) => {
        const id = fresh[--theirs]!;
        const activity = uuidV7();
        await query('bare_insert', insertActivity, [activity, id]);
        await query(
          'bare_move',
          `UPDATE crm.deals SET stage = 'contact_established', last_open_stage = 'contact_established', stage_entered_at = now(), owner = $2, version = version + 1, updated_at = now() WHERE id = $1`,
          [id, owner.id],
        );
        await event(query, 'deals', id, 'moved', { stage: 'new', owner: null });
        await event(query, 'activities', activity, 'created', null);
      }),
    );
    lines.push(compare(`move a deal with its call, ${callers} at once`, move, bare, 0.25));
  }
  return lines;
}

type Query = (name: string, text: string, values: unknown[]) => Promise<unknown>;

async function bare1(bench: Bench, work: (query: Query) => Promise<void>): Promise<void> {
  const client = await bench.barePool.connect();
  try {
    await client.query('BEGIN');
    await work((name, text, values) => client.query({ name, text, values }));
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

const event = (query: Query, object: string, record: string, type: string, old: unknown): Promise<unknown> =>
  query(
    'bare_event',
    `INSERT INTO platform.events (object, record, version, type, actor, actor_name, channel, old) VALUES ($1, $2, 1, $3, 'key:bench', 'Bench', 'http', $4)`,
    [object, record, type, old],
  );

async function storedColumns(bench: Bench, table: string): Promise<string[]> {
  const { rows } = await bench.pool.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'crm.${table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
  );
  return rows.map((row) => row.name);
}

/** INSERT of a copy of an existing record under a new id: the same columns, filled the same. */
const insertOf = (
  table: string,
  columns: readonly string[],
  like: string,
  other: Record<string, string> = {},
): string =>
  `INSERT INTO crm.${table} (${columns.map((name) => `"${name}"`).join(', ')})
   SELECT ${columns.map((name) => (name === 'id' ? '$1::uuid' : (other[name] ?? `"${name}"`))).join(', ')} FROM crm.${table} WHERE id = '${like}'`;

function compare(
  what: string,
  ours: Parameters<typeof figure>[0],
  bare: Parameters<typeof figure>[0],
  least: number,
): Line {
  return {
    what,
    ours: figure(ours),
    beside: [
      {
        name: 'bare transaction, same rows',
        figure: figure(bare),
        ratio: ours.perSecond / bare.perSecond,
        budget: { at: 'least', ratio: least },
      },
    ],
  };
}
