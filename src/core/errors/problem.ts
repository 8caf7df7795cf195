/**
 * Every "no" of the product: an RFC 9457 problem with a stable code and, per finding, what would turn
 * it into a yes. A message is an English template with its parameters beside it, so that a translation
 * is a file keyed by code.
 */
export type Fix = {
  /** One sentence: what to do. */
  say: string;
  /** Fields to send, as a list of keys or with suggested values. */
  set?: readonly string[] | Record<string, unknown>;
  activity?: Record<string, unknown>;
  task?: Record<string, unknown>;
  file?: Record<string, unknown>;
  approval?: Record<string, unknown>;
};

export type Issue = {
  /** Where in the input: a field key, `where.stage`, `rows.3.email`; empty for the whole. */
  path: string;
  code: string;
  message: string;
  fix: Fix;
  /** Of a checkpoint: the item’s id, why it is asked, and who decided it. */
  item?: string;
  why?: string;
  owner?: string;
};

export type ProblemBody = {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors: readonly Issue[];
  /** Further members of the document, e.g. `candidates`, `retry_after`. */
  extra?: Record<string, unknown>;
};

export class Problem extends Error {
  readonly body: ProblemBody;
  constructor(body: ProblemBody) {
    super(body.detail);
    this.name = 'Problem';
    this.body = body;
  }
}

/** Fills `{name}` places of a template. A value is cut at 200 characters. */
export const fill = (template: string, params: Record<string, unknown> = {}): string =>
  template.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in params ? String(params[name]).slice(0, 200) : whole,
  );

/** One finding. `fix` is a sentence, or the sentence with what to send. */
export function issue(
  path: string,
  code: string,
  message: string,
  fix: string | Fix,
  params?: Record<string, unknown>,
): Issue {
  const filled =
    typeof fix === 'string' ? { say: fill(fix, params) } : { ...fix, say: fill(fix.say, params) };
  return { path, code, message: fill(message, params), fix: filled };
}

const titles: Record<number, string> = {
  400: 'This request cannot be read',
  401: 'Please sign in',
  403: 'You may not do this',
  404: 'Not found',
  405: 'This cannot be done here',
  409: 'This conflicts with what is there',
  412: 'Somebody changed this meanwhile',
  413: 'This is too large',
  414: 'This address is too long',
  415: 'This format is not understood',
  422: 'Something needs mending first',
  429: 'Too many requests',
  431: 'This request’s head is too long',
  500: 'Something went wrong on our side',
  503: 'Not available just now',
};

/** A refusal. Its detail is the first finding's sentence unless given. */
export function refusal(
  status: number,
  code: string,
  errors: readonly Issue[],
  options: { detail?: string; extra?: Record<string, unknown> } = {},
): Problem {
  return new Problem({
    status,
    code,
    title: titles[status] ?? 'Refused',
    detail: options.detail ?? errors[0]?.message ?? titles[status] ?? 'Refused',
    errors,
    extra: options.extra,
  });
}

/** 422 with its findings. */
export const invalid = (errors: readonly Issue[], detail?: string): Problem =>
  refusal(422, 'invalid', errors, { detail });

/** 404, in the same words whether the thing does not exist or may not be seen. */
export const notFound = (what: string, path = 'id'): Problem =>
  refusal(404, 'not_found', [
    issue(
      path,
      'not_found',
      'There is no such {what}, or you may not see it.',
      'Check the address or ask an administrator for access.',
      { what },
    ),
  ]);

/** 403. `may` completes "You may not …". */
export const forbidden = (may: string, path = ''): Problem =>
  refusal(403, 'forbidden', [
    issue(path, 'forbidden', 'You may not {may}.', 'Ask an administrator or the CRM owner for this right.', {
      may,
    }),
  ]);

export const isProblem = (error: unknown): error is Problem => error instanceof Problem;
