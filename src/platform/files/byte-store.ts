/** What a place for the bytes of files must be able to do; disk and S3 are the two there are. */
import type { FileStore } from '../../core/context/context.ts';
import { issue, refusal, type Problem } from '../../core/errors/problem.ts';

export type ByteStore = Omit<FileStore, 'onDisk'> & {
  /** Where it is, for whoever runs the server; holds no secret. */
  place: string;
  /** Bytes; undefined when they are not there. */
  size(storedAs: string): Promise<number | undefined>;
  /** Nothing happens when they are not there. */
  remove(storedAs: string): Promise<void>;
  /** Writes something and takes it away. @throws Problem 503 with the cause */
  tryOut(): Promise<void>;
};

/** The name under which content is kept, in every store alike. */
export const keyOf = (sha256: string): string => `${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`;

export const isKey = (text: string): boolean => /^[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(text);

/** 503 for what the store, its disk or the way to it did; the cause is for the log alone. */
export const unavailable = (cause: unknown): Problem =>
  Object.assign(
    refusal(
      503,
      'files_unavailable',
      [
        issue(
          '',
          'files_unavailable',
          'The place where files are kept cannot be reached just now.',
          'Try again in a minute; if it stays, ask whoever runs this server to look at “groundwork doctor”.',
        ),
      ],
      { extra: { retry_after: 60 } },
    ),
    { cause },
  );
