/**
 * Structured logs, a JSON line each. They hold no personal data: no bodies, no query values, no e-mail
 * addresses, no names; ids, counts, codes and durations are fine. Errors keep their stack, but not the
 * database's `detail` and `where`, which quote values.
 */
import { pino, type DestinationStream, type Logger } from 'pino';

export function createLog(options: { level: string; to?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
    },
    options.to ?? pino.destination({ fd: 2, sync: false }),
  );
}

/** What of an error may be written down. The database's messages quote values only after a colon. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  const ofDatabase = 'severity' in error;
  return {
    type: error.name,
    code: (error as { code?: unknown }).code,
    message: ofDatabase ? error.message.replace(/: ?["'“].*$/s, ': …') : error.message,
    stack: error.stack?.split('\n').slice(1).join('\n'),
  };
}
