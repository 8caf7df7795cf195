/**
 * A checksum of a table's rows that does not depend on their order: a restored table lies in another order on
 * disk, and sorting a large one only to compare it would need its size again in room.
 */
import { hash } from 'node:crypto';

export type RowDigest = {
  /** Bytes of COPY text, cut anywhere. */
  add(chunk: Buffer): void;
  rows(): number;
  bytes(): number;
  hex(): string;
};

const lineEnd = 0x0a;

/** Counts and sums the rows of COPY's text format, in which a line end is always the end of a row. */
export function rowDigest(): RowDigest {
  const sums = new Uint32Array(8);
  let rows = 0;
  let bytes = 0;
  let begun: Buffer[] = [];
  const addRow = (row: Buffer): void => {
    const digest = hash('sha256', row, 'buffer');
    for (let i = 0; i < 8; i++) sums[i]! += digest.readUInt32LE(i * 4);
    rows += 1;
  };
  return {
    add(chunk) {
      bytes += chunk.length;
      let from = 0;
      for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, from)) {
        const row = chunk.subarray(from, end);
        addRow(begun.length > 0 ? Buffer.concat([...begun, row]) : row);
        begun = [];
        from = end + 1;
      }
      if (from < chunk.length) begun.push(chunk.subarray(from));
    },
    rows: () => rows,
    bytes: () => bytes,
    hex: () => Buffer.from(sums.buffer).toString('hex'),
  };
}
