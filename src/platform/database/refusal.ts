/**
 * Every way in which the database can say no before the app runs, as an Error whose message is a whole
 * sentence for the person at the keyboard. Doors print `message` alone when `code` starts with "database_"
 * or "migration_"; a stack trace helps nobody here.
 */
export type DatabaseRefusalCode =
  | 'database_in_use'
  | 'database_busy'
  | 'database_upgrading'
  | 'database_unreachable'
  | 'database_version'
  | 'database_encoding'
  | 'database_folder'
  | 'database_start'
  | 'migration_name'
  | 'migration_changed'
  | 'migration_newer'
  | 'migration_failed';

export function databaseRefusal(code: DatabaseRefusalCode, sentence: string, cause?: unknown): Error {
  return Object.assign(new Error(sentence, cause === undefined ? undefined : { cause }), { code });
}

export function isDatabaseRefusal(error: unknown): error is Error & { code: DatabaseRefusalCode } {
  return error instanceof Error && 'code' in error && /^(database|migration)_/.test(String(error.code));
}
