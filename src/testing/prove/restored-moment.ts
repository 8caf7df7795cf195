/** What a restored place must hold: the moment of its backup, worked out from the place it was taken of. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../../core/context/context.ts';
import { ident, row, rows, sql } from '../../core/sql/sql.ts';
import type { Manifest } from '../../platform/backup/manifest.ts';
import { openFileStore } from '../../platform/files/file-store.ts';
import { api, startServer, type Place, type ServerProcess } from '../server-process.ts';
import { inconsistencies } from './consistency.ts';
import { toldOf, type Ledger } from './ledgered-load.ts';
import { withEngine } from './with-engine.ts';

export type Moment = {
  /** The version that each record of the ledger stood at; one that was not there yet is missing. */
  versions: Map<string, number>;
  /** How many acknowledged writes are in it. */
  writes: number;
  /** Ids of the files that were acknowledged before it. */
  files: string[];
  /** Numbers of all events up to it. */
  events: EventSum;
  /** Where the two names of the moment contradict each other. */
  differences: string[];
};

type EventSum = { count: number; sum: string };

const eventSum = async (context: Context, where = sql`true`): Promise<EventSum> =>
  (await row<EventSum>(
    context.pool,
    sql`SELECT count(*)::int AS count, coalesce(md5(string_agg(id::text, ',' ORDER BY id)), '') AS sum
        FROM platform.events WHERE ${where}`,
  ))!;

/** Asked of the place that the backup was taken of: only it knows which commits its position stands between. */
export async function momentOf(
  context: Context,
  { moment: { at, snapshot } }: Manifest,
  ledger: Ledger,
): Promise<Moment> {
  const before = sql`pg_visible_in_snapshot(xid, ${snapshot!}::pg_snapshot)`;
  const found = await rows<{ record: string; version: number }>(
    context.pool,
    sql`SELECT record, max(version)::int AS version FROM platform.events
        WHERE ${before} AND record = ANY(${[...ledger.records.keys()]}::uuid[]) GROUP BY record`,
  );
  const versions = new Map(found.map(({ record, version }) => [record, version]));
  const differences: string[] = [];
  let writes = 0;
  for (const [id, { object, writes: all }] of ledger.records) {
    const version = versions.get(id) ?? 0;
    writes += all.filter((one) => one.version <= version).length;
    for (const one of all) {
      // The ledger's clock counts whole milliseconds.
      if (one.acknowledgedAt + 1 < Date.parse(at) && one.version > version)
        differences.push(
          `${object} ${id} version ${one.version} was acknowledged before ${at} and is not in it`,
        );
    }
  }
  const files = [...ledger.files]
    .filter(([, { acknowledgedAt }]) => acknowledgedAt + 1 < Date.parse(at))
    .map(([id]) => id);
  return { versions, writes, files, events: await eventSum(context, before), differences };
}

/** Sentences about what is not as it was at that moment; the place is started, read and written to. */
export async function differencesAt(
  place: Place,
  key: string,
  ledger: Ledger,
  moment: Moment,
): Promise<string[]> {
  const found = await withEngine(place, (context) => differencesOf(context, place, ledger, moment));
  const server = await startServer(place);
  try {
    found.push(...(await differentRecords(server, key, ledger, moment)));
    found.push(...(await refusedWrites(server, key, ledger, moment)));
  } finally {
    await server.stop();
  }
  found.push(...(await withEngine(place, inconsistencies)).map((one) => `after writing there: ${one}`));
  return found;
}

async function differencesOf(
  context: Context,
  place: Place,
  ledger: Ledger,
  moment: Moment,
): Promise<string[]> {
  const found = await inconsistencies(context);
  const events = await eventSum(context);
  if (events.count !== moment.events.count || events.sum !== moment.events.sum)
    found.push(`${events.count} events are there, ${moment.events.count} were before the moment`);
  for (const object of ['accounts', 'deals', 'tasks', 'documents']) {
    const counted = await row<{ records: number; made: number }>(
      context.pool,
      sql`SELECT (SELECT count(*)::int FROM ${ident('crm', object)}) AS records,
                 (SELECT count(*)::int FROM platform.events WHERE object = ${object} AND type = 'created') AS made`,
    );
    if (counted!.records !== counted!.made)
      found.push(`${counted!.made} ${object} had been made, ${counted!.records} are there`);
  }
  return [...found, ...(await differentFiles(context, place, ledger, moment))];
}

/** Every file that the database names has its bytes, and what the ledger knows of is named. */
async function differentFiles(
  context: Context,
  place: Place,
  ledger: Ledger,
  moment: Moment,
): Promise<string[]> {
  const found: string[] = [];
  const store = await openFileStore(join(place.dataDir, 'files'));
  const named = await rows<{ id: string; sha256: string; stored_as: string }>(
    context.pool,
    sql`SELECT id, encode(sha256, 'hex') AS sha256, stored_as FROM platform.files`,
  );
  for (const { id, sha256, stored_as: storedAs } of named) {
    const sum = createHash('sha256');
    for await (const chunk of await store.open(storedAs)) sum.update(chunk as Buffer);
    if (sum.digest('hex') !== sha256) found.push(`the file ${id} is not what it was`);
  }
  const byId = new Map(named.map((one) => [one.id, one.sha256]));
  for (const id of moment.files)
    if (byId.get(id) !== ledger.files.get(id)!.sha256)
      found.push(`the file ${id} was acknowledged before the moment and is missing`);
  return found;
}

async function differentRecords(
  server: ServerProcess,
  key: string,
  ledger: Ledger,
  moment: Moment,
): Promise<string[]> {
  const found: string[] = [];
  for (const [object, entries] of Map.groupBy(ledger.records, ([, entry]) => entry.object)) {
    for (let at = 0; at < entries.length; at += 200) {
      const part = entries.slice(at, at + 200);
      const { body } = await api(server, key, 'POST', `/api/v1/${object}/query`, {
        where: { id: { in: part.map(([id]) => id) } },
        limit: 200,
      });
      const records = (body as { data: (Record<string, unknown> & { id: string; version: number })[] }).data;
      const byId = new Map(records.map((record) => [record.id, record]));
      for (const [id, { writes }] of part) {
        const version = moment.versions.get(id);
        const then = writes.find((one) => one.version === version);
        const record = byId.get(id);
        const is = record && { version: record.version, values: toldOf(object, record) };
        const was = then && { version: then.version, values: then.values };
        if (JSON.stringify(is) !== JSON.stringify(was) || (version !== undefined && !then))
          found.push(`${object} ${id} was ${JSON.stringify(was)} and is ${JSON.stringify(is)}`);
      }
    }
  }
  return found;
}

/** It goes on where it stopped: a deal of then takes its next version, and a new one is made beside it. */
async function refusedWrites(
  server: ServerProcess,
  key: string,
  ledger: Ledger,
  moment: Moment,
): Promise<string[]> {
  const [id, version] = [...moment.versions].find(([one]) => ledger.records.get(one)?.object === 'deals')!;
  const changed = await api(server, key, 'PATCH', `/api/v1/deals/${id}`, { amount: 7 });
  const made = await api(server, key, 'POST', '/api/v1/deals', { name: 'Made there', amount: 1 });
  const past = await api(server, key, 'GET', `/api/v1/deals/${id}/history`);
  const goesOn =
    changed.status === 200 &&
    changed.body.version === version + 1 &&
    made.status === 201 &&
    past.status === 200 &&
    past.body.data.length >= version + 1;
  return goesOn ? [] : [`it does not go on: ${JSON.stringify([changed, made, past]).slice(0, 500)}`];
}
