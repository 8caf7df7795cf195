/**
 * Hears, on a session of its own, that somebody's access was changed by any process (the triggers of
 * 0003_auth.sql tell). While it cannot hear, `hears()` is false and nobody may trust what they remember.
 */
import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

export type AccessNotice = { about: 'user' | 'key' | 'workspace'; id: string };

export type AccessNotices = {
  hears(): boolean;
  close(): Promise<void>;
};

/** `onChange(undefined)` means: anything may have changed while nobody listened. */
export function hearAccessNotices(
  connection: pg.ClientConfig,
  onChange: (notice: AccessNotice | undefined) => void,
): AccessNotices {
  let client: pg.Client | undefined;
  let hearing = false;
  const stopped = new AbortController();

  async function listen(): Promise<void> {
    while (!stopped.signal.aborted) {
      const session = new pg.Client({
        ...connection,
        application_name: 'groundwork access',
        statement_timeout: 0,
      });
      const lost = new Promise<void>((resolve) => {
        session.on('error', () => resolve());
        session.on('end', () => resolve());
      });
      try {
        client = session;
        session.on('notification', ({ payload }) => onChange(readNotice(payload)));
        await session.connect();
        await session.query('LISTEN access_changed');
        onChange(undefined);
        hearing = true;
        await lost;
      } catch {
        // Not there, or not yet: the wait below, then again.
      }
      hearing = false;
      await session.end().catch(() => {});
      await sleep(500, undefined, { ref: false, signal: stopped.signal }).catch(() => {});
    }
  }

  const listening = listen();
  return {
    hears: () => hearing,
    async close() {
      stopped.abort();
      await client?.end().catch(() => {});
      await listening;
    },
  };
}

function readNotice(payload: string | undefined): AccessNotice | undefined {
  const [about, id] = (payload ?? '').split(':');
  return (about === 'user' || about === 'key' || about === 'workspace') && id ? { about, id } : undefined;
}
