/**
 * Counts failed attempts and says when there were too many. In this process's memory: several processes allow
 * as many times more, which a password of ten characters bears.
 */
import { createHash } from 'node:crypto';
import { issue, refusal } from '../../core/errors/problem.ts';

/** What is counted, and how many failures it may have. */
export type Counted = { key: string; most: number };

export type Attempts = {
  /** @throws Problem 429 with `retry_after` when any of them has failed too often. */
  check(counted: readonly Counted[]): void;
  failed(counted: readonly Counted[]): void;
  succeeded(counted: readonly Counted[]): void;
};

const mostKept = 50_000;

/** Failures are forgotten `seconds` after the first; keys are kept as hashes only. */
export function countAttempts(options: { seconds: number; now?: () => number }): Attempts {
  const now = options.now ?? Date.now;
  const failures = new Map<string, { count: number; until: number }>();
  const named = (key: string): string => createHash('sha256').update(key).digest('base64');

  return {
    check(counted) {
      for (const { key, most } of counted) {
        const entry = failures.get(named(key));
        if (!entry || entry.until <= now() || entry.count < most) continue;
        const wait = Math.ceil((entry.until - now()) / 1000);
        const found = issue(
          '',
          'too_many_attempts',
          'There were too many failed attempts.',
          'Wait {wait} seconds, then try again.',
          { wait },
        );
        throw refusal(429, 'too_many_attempts', [found], { extra: { retry_after: wait } });
      }
    },
    failed(counted) {
      if (failures.size > mostKept) {
        for (const [name, entry] of failures) if (entry.until <= now()) failures.delete(name);
        if (failures.size > mostKept) failures.clear();
      }
      for (const { key } of counted) {
        const name = named(key);
        const entry = failures.get(name);
        if (entry && entry.until > now()) entry.count += 1;
        else failures.set(name, { count: 1, until: now() + options.seconds * 1000 });
      }
    },
    succeeded(counted) {
      for (const { key } of counted) failures.delete(named(key));
    },
  };
}
