/** What waits for the end of the file in a dry run: on disk, for nobody knows how many there will be. */
import { createReadStream } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export type WaitingOnDisk<T> = {
  count(): number;
  add(rows: readonly T[]): Promise<void>;
  /** All of them, in groups; what is added meanwhile is not among them. */
  take(size: number): AsyncGenerator<T[]>;
  discard(): Promise<void>;
};

/** `T` is plain JSON. */
export function waitingOnDisk<T>(): WaitingOnDisk<T> {
  let folder: string | undefined;
  let part = 0;
  let count = 0;
  const file = (): string => join(folder!, `${part}.ndjson`);
  return {
    count: () => count,
    async add(rows) {
      if (rows.length === 0) return;
      folder ??= await mkdtemp(join(tmpdir(), 'groundwork-import-'));
      await appendFile(file(), rows.map(lineOf).join(''), { mode: 0o600 });
      count += rows.length;
    },
    async *take(size) {
      if (count === 0) return;
      const path = file();
      part += 1;
      count = 0;
      let group: T[] = [];
      for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
        group.push(JSON.parse(line) as T);
        if (group.length < size) continue;
        yield group;
        group = [];
      }
      if (group.length > 0) yield group;
      await rm(path, { force: true });
    },
    async discard() {
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One line to every reader: some take U+2028 and U+2029 for line ends. */
const lineOf = (row: unknown): string =>
  `${JSON.stringify(row).replace(/[\u2028\u2029]/g, (sign) => (sign === '\u2028' ? '\\u2028' : '\\u2029'))}\n`;
