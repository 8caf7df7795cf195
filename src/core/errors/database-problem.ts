/**
 * What PostgreSQL and its driver throw → the problem a caller may see. A safety net only: the engine finds
 * bad input before the database does. Nothing of the database's own message is passed on, for it may quote
 * values and names that the caller may not see.
 */
import { issue, refusal, type Problem } from './problem.ts';

type Answer = { status: number; code: string; message: string; fix: string; retryAfter?: number };

const unreachable: Answer = {
  status: 503,
  code: 'database_unavailable',
  message: 'The database cannot be reached just now.',
  fix: 'Try again in a few seconds.',
  retryAfter: 5,
};
const busy: Answer = {
  status: 503,
  code: 'database_busy',
  message: 'Too much is going on at once just now.',
  fix: 'Send the same request again in a second.',
  retryAfter: 1,
};
const tooComplex: Answer = {
  status: 422,
  code: 'too_complex',
  message: 'This is more than the database can work through in one go.',
  fix: 'Ask for less at once: a simpler condition, shorter lists, shorter text.',
};
const badValue: Answer = {
  status: 422,
  code: 'invalid_value',
  message: 'A value does not fit its field.',
  fix: 'Check the values: their type, their range, their length.',
};

/** Longest matching prefix of the SQLSTATE wins. */
const bySqlState: Readonly<Record<string, Answer>> = {
  '08': unreachable,
  '22': badValue,
  '2200': badValue,
  '22003': {
    ...badValue,
    code: 'number_too_large',
    message: 'A number is outside the range its field can hold.',
    fix: 'Send a smaller number.',
  },
  '22007': {
    ...badValue,
    code: 'invalid_date',
    message: 'A date does not exist or is not written as one.',
    fix: 'Write dates as 2026-11-22.',
  },
  '22008': {
    ...badValue,
    code: 'invalid_date',
    message: 'A date is outside what can be stored.',
    fix: 'Send a date between the years 1 and 9999.',
  },
  '22021': {
    ...badValue,
    code: 'unstorable_text',
    message: 'A text holds a character that cannot be stored.',
    fix: 'Remove the character and send it again.',
  },
  '22P05': {
    ...badValue,
    code: 'unstorable_text',
    message: 'A text holds a character that cannot be stored.',
    fix: 'Remove the character and send it again.',
  },
  '23': badValue,
  '23502': {
    ...badValue,
    code: 'required',
    message: 'A value that is required is missing.',
    fix: 'Fill in every required field.',
  },
  '23503': {
    ...badValue,
    code: 'unknown_link',
    message: 'A linked record does not exist.',
    fix: 'Link to a record that exists.',
  },
  '23505': {
    status: 409,
    code: 'already_exists',
    message: 'A record with this value exists already.',
    fix: 'Use the record that exists, or send another value.',
  },
  '23P01': {
    status: 409,
    code: 'already_exists',
    message: 'A record that excludes this one exists already.',
    fix: 'Use the record that exists, or send other values.',
  },
  '25006': unreachable,
  '40': busy,
  '53': busy,
  '53100': {
    ...unreachable,
    message: 'The database has no room left on its disk.',
    fix: 'Ask whoever runs this server to make room.',
    retryAfter: 60,
  },
  '54': tooComplex,
  '55P03': busy,
  '57014': {
    ...busy,
    code: 'took_too_long',
    message: 'This took too long and was stopped.',
    fix: 'Ask for less at once, or try again when less is going on.',
  },
  '57P': unreachable,
};

const brokenSession =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after calling end|Query read timeout)/;
const brokenSocket = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
]);

/** The problem for an error of the database; undefined where it is none, or one that only a bug explains. */
export function databaseProblem(error: unknown): Problem | undefined {
  const answer = answerFor(error);
  if (!answer) return undefined;
  return refusal(answer.status, answer.code, [issue('', answer.code, answer.message, answer.fix)], {
    extra: answer.retryAfter === undefined ? undefined : { retry_after: answer.retryAfter },
  });
}

/** The statement was made for definitions that another process has changed meanwhile. */
export const isStaleStatement = (error: unknown): boolean =>
  ['42703', '42P01', '0A000'].includes(codeOf(error));

function answerFor(error: unknown): Answer | undefined {
  if (!(error instanceof Error)) return undefined;
  const code = codeOf(error);
  if (isSqlState(error, code)) {
    for (let length = 5; length >= 2; length--) {
      const answer = bySqlState[code.slice(0, length)];
      if (answer) return answer;
    }
    return undefined;
  }
  const ofSocket =
    brokenSocket.has(code) && ['connect', 'read', 'write', 'getaddrinfo'].includes(syscallOf(error));
  return ofSocket || brokenSession.test(error.message) ? unreachable : undefined;
}

/** Errors of Node's own have codes too (`EPIPE` has five letters); only the server's have a severity. */
const isSqlState = (error: Error, code: string): boolean => /^[0-9A-Z]{5}$/.test(code) && 'severity' in error;
const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code ?? '');
const syscallOf = (error: unknown): string => String((error as { syscall?: unknown }).syscall ?? '');
