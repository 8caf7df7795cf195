/**
 * Reads a table to its end in a process of its own, whose heap is small: `node read-table.ts <file> [sheet]`. Prints
 * how it went, as JSON. A process that does not answer has run out of memory, or of its caller's patience.
 */
import { isProblem } from '../core/errors/problem.ts';
import { openTable } from '../engine/importing/open-table.ts';

/** How a table was read. */
export type Reading = {
  /** `read`, the code of a refusal, or the name of an error that is none. */
  outcome: string;
  rows: number;
  /** The codes for which rows were refused. */
  refused: string[];
  /** Most megabytes in buffers, which are not on the heap. */
  buffers: number;
  /** Times that the process could turn to other work. */
  turns: number;
};

const [, , path, sheet] = process.argv;
const reading: Reading = { outcome: 'read', rows: 0, refused: [], buffers: 0, turns: 0 };
let done = false;
const turn = (): void => {
  reading.turns += 1;
  reading.buffers = Math.max(reading.buffers, Math.round(process.memoryUsage().arrayBuffers / 1024 / 1024));
  if (!done) setTimeout(turn, 5);
};
turn();
const refused = new Set<string>();
try {
  const table = await openTable(path!, sheet === undefined ? {} : { sheet });
  for await (const piece of table.rows()) {
    reading.rows += piece.rows.length;
    for (const row of piece.rows) if (row.refused) refused.add(row.refused.errors[0]!.code);
  }
} catch (error) {
  reading.outcome = isProblem(error)
    ? error.body.code
    : `${(error as Error).name}: ${(error as Error).message}`;
}
done = true;
process.stdout.write(JSON.stringify({ ...reading, refused: [...refused] }));
