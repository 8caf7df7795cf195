/**
 * Undo of a large import: a file is loaded, people change some of what it made, and the undo is stopped a third of the
 * way and let go on. In the end all is archived but what people changed, and neither time nor memory runs away.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../../core/context/context.ts';
import { row, rows, sql } from '../../core/sql/sql.ts';
import { write } from '../../engine/write/write.ts';
import { groundwork, newKey, type Place } from '../server-process.ts';
import { companyLines } from './import-kill.ts';
import { measured } from './measured.ts';
import { withEngine } from './with-engine.ts';

export type ImportUndoFigures = {
  records: number;
  edited: number;
  /** Records settled when the stop was asked for, and a moment later when it was done. */
  askedAt: number;
  stoppedAt: number;
  seconds: number;
  /** Records a second until the stop, and after it. */
  rates: [before: number, after: number];
  /** The most that a process of it held, in MB. */
  peak: number;
  putBack: number;
  kept: number;
  /** Of the import, not archived in the end; and of these, such that nobody has changed. */
  living: number;
  livingUntouched: number;
  /** Progress was told on the way. */
  told: boolean;
};

export async function importUndo(
  place: Place,
  input: { rows: number; edits: number },
): Promise<ImportUndoFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'groundwork-import-undo-'));
  try {
    const file = join(folder, 'accounts.csv');
    await pipeline(Readable.from(companyLines(input.rows)), createWriteStream(file));
    // The first command of a place makes its tables.
    await newKey(place, 'read_only');
    return await withEngine(place, async (context) => {
      const { stdout } = await groundwork(place, 'import', file, '--object', 'accounts');
      const batch = /^batch (\S+)$/m.exec(stdout)?.[1];
      if (batch === undefined) throw new Error(`The import gave no batch: ${stdout}`);
      const edited = await editSome(context, input.edits);
      let askedAt = 0;
      const release = await holdLate(context);
      const first = await measured(place, ['import', 'undo', batch], {
        async look(child) {
          const undo = askedAt > 0 ? undefined : await undoOf(context, batch);
          if (!undo?.reached || undo.reached < undo.total / 3) return;
          askedAt = undo.reached;
          child.kill('SIGTERM');
          await release();
        },
      });
      const stopped = (await undoOf(context, batch))!;
      const second = await measured(place, ['import', 'resume', stopped.id]);
      const undo = (await undoOf(context, batch))!;
      const living = await rows<{ id: string }>(
        context.pool,
        sql`SELECT id FROM crm.accounts WHERE archived_at IS NULL`,
      );
      return {
        records: undo.total,
        edited: edited.size,
        askedAt,
        stoppedAt: stopped.reached,
        seconds: Math.round(first.seconds + second.seconds),
        rates: [
          Math.round(stopped.reached / first.seconds),
          Math.round((undo.total - stopped.reached) / second.seconds),
        ],
        peak: Math.max(first.peak, second.peak),
        putBack: undo.done,
        kept: undo.refused,
        living: living.length,
        livingUntouched: living.filter(({ id }) => !edited.has(id)).length,
        told: /\d+ % .* records/.test(first.stderr + second.stderr),
      };
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Holds a record two thirds of the way, so that an undo cannot have ended before it is asked to stop. */
async function holdLate(context: Context): Promise<() => Promise<void>> {
  const client = await context.pool.connect();
  await client.query('BEGIN');
  await rows(
    client,
    sql`SELECT id FROM crm.accounts WHERE id = (
          SELECT id FROM crm.accounts ORDER BY id OFFSET (SELECT count(*) * 2 / 3 FROM crm.accounts) LIMIT 1
        ) FOR UPDATE`,
  );
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}

type Undo = { id: string; total: number; reached: number; done: number; refused: number };

const undoOf = (context: Context, batch: string): Promise<Undo | undefined> =>
  row<Undo>(
    context.pool,
    sql`SELECT b.id, b.total, coalesce((b.position ->> 'reached')::integer, 0) AS reached, b.done, b.refused
        FROM platform.batches b WHERE b.kind = 'undo' AND b.undo_of = ${batch}::uuid`,
  );

/** Ids of those that somebody has changed, spread over all. */
async function editSome(context: Context, edits: number): Promise<Set<string>> {
  const found = await rows<{ id: string }>(
    context.pool,
    sql`SELECT id FROM crm.accounts ORDER BY md5(id::text) LIMIT ${edits}`,
  );
  await write(context, {
    changes: found.map(({ id }) => ({ update: 'accounts', id, set: { city: 'Changed by hand' } })),
    mode: 'all',
  });
  return new Set(found.map(({ id }) => id));
}
