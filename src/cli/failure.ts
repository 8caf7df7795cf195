/** What goes wrong, in sentences; a stack trace only for who asks with GROUNDWORK_DEBUG=1. */
import { isProblem, type Issue } from '../core/errors/problem.ts';

export const debugging = (): boolean => /^(1|true|yes)$/i.test(process.env['GROUNDWORK_DEBUG'] ?? '');

const mostShown = 20;

/** For a person: what is wrong, and how to mend it. */
export function describeFailure(error: unknown): string {
  const trace = debugging() && error instanceof Error ? `\n${error.stack}` : '';
  if (isProblem(error)) {
    const { detail, errors } = error.body;
    const lines = errors.slice(0, mostShown).map((found) => issueLine(found));
    const more = errors.length > mostShown ? [`… and ${errors.length - mostShown} more.`] : [];
    const alone = errors.length === 1 && errors[0]!.message === detail;
    return (
      [
        ...(alone || errors.length === 0 ? [] : [detail]),
        ...(lines.length > 0 ? lines : [detail]),
        ...more,
      ].join('\n') + trace
    );
  }
  if (!(error instanceof Error)) return String(error);
  const code = String((error as { code?: unknown }).code ?? '');
  if (/^(backup|config|database|migration|upgrade)_/.test(code) || error.name === 'UsageError')
    return error.message + trace;
  const file = (error as { path?: unknown }).path;
  if (code === 'ENOENT' && file) return `There is no file ${String(file)}.${trace}`;
  if (code === 'EISDIR') return `This is a folder, not a file.${trace}`;
  if ((code === 'EACCES' || code === 'EPERM') && file)
    return `The file ${String(file)} may not be opened.${trace}`;
  if (code === 'ENOSPC') return `The disk is full.${trace}`;
  if (
    /^(ECONNREFUSED|ECONNRESET|57P0\d|08\w{3})$/.test(code) ||
    /Connection terminated/.test(error.message)
  ) {
    return `The connection to the database broke. Look whether it runs, then try again.${trace}`;
  }
  return `Something failed that should not have: ${error.message.split('\n')[0]}${trace || '\nRun it again with GROUNDWORK_DEBUG=1 to see where.'}`;
}

/** One finding and its way out, in one line. */
export const issueLine = ({ message, fix }: Pick<Issue, 'message' | 'fix'>): string =>
  [message, fix.say].filter(Boolean).join(' ');

/** A refusal of the command line itself. */
export const usageError = (message: string): Error =>
  Object.assign(new Error(message), { name: 'UsageError' });
