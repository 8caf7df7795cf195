/** What every step of one write shares: the caller, the rights, the batch, and how statements are run. */
import type { Context } from '../../core/context/context.ts';
import { compile, type Queryable, type Sql } from '../../core/sql/sql.ts';
import { statementName } from '../read/statement-name.ts';
import type { Access } from '../access/access.ts';

export type Run = {
  context: Context;
  access: Access;
  batch: string | null;
  /** The instant of the write, for stamps: the context's clock, or the machine's. */
  now: Date;
  /** Statements that are on their way and need not be waited for before the end. */
  pending: Promise<unknown>[];
  query(on: Queryable, query: Sql): Promise<Record<string, any>[]>;
};

export function runOf(context: Context, access: Access, batch: string | undefined): Run {
  return {
    context,
    access,
    batch: batch ?? null,
    now: context.now ?? new Date(),
    pending: [],
    async query(on, query) {
      const { text, values } = compile(query);
      const result = await on.query({ text, values, name: statementName(context.catalog.epoch, text) });
      return result.rows;
    },
  };
}
