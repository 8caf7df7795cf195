/** One call to the API. What is refused arrives as a typed error that carries the whole problem document. */
import type { Issue } from '../../core/errors/problem.ts';

export type ProblemDocument = {
  status: number;
  code: string;
  title: string;
  detail: string;
  errors: readonly Issue[];
  /** On 409: records that seem to be the same one. */
  candidates?: readonly { id: string; name?: string; score?: number }[];
};

export class Refused extends Error {
  readonly problem: ProblemDocument;
  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.name = 'Refused';
    this.problem = problem;
  }
}

export const isRefused = (error: unknown): error is Refused => error instanceof Refused;

/** The problem of an error, whatever it is; what the network loses has the status 0. */
export const problemOf = (error: unknown): ProblemDocument =>
  isRefused(error)
    ? error.problem
    : {
        status: 0,
        code: 'unreachable',
        title: '',
        detail: error instanceof Error ? error.message : '',
        errors: [],
      };

type Options = {
  body?: unknown;
  /** The version the change was made against; another one on the server answers 412. */
  version?: number;
  signal?: AbortSignal;
};

const base = '/api/v1';

/**
 * `path` begins below /api/v1. Answers the parsed body, undefined for 204. Throws `Refused` for every
 * other status, and for a network that does not answer (status 0).
 */
export async function request<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' };
  const form = options.body instanceof FormData;
  if (options.body !== undefined && !form) headers['content-type'] = 'application/json';
  if (options.version !== undefined) headers['if-match'] = `"${options.version}"`;
  let response: Response;
  try {
    response = await fetch(base + path, {
      method,
      headers,
      credentials: 'same-origin',
      body: form
        ? (options.body as FormData)
        : options.body === undefined
          ? undefined
          : JSON.stringify(options.body),
      signal: options.signal,
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Refused(problemOf(error));
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  const body = parsed(text);
  if (!response.ok) throw new Refused(document(response.status, body));
  return body as T;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What stands between the browser and the app may answer something else than a problem document. */
function document(status: number, body: unknown): ProblemDocument {
  const found = (typeof body === 'object' && body !== null ? body : {}) as Partial<ProblemDocument>;
  return {
    status,
    code: found.code ?? `http_${status}`,
    title: found.title ?? '',
    detail: found.detail ?? '',
    errors: Array.isArray(found.errors) ? found.errors : [],
    candidates: Array.isArray(found.candidates) ? found.candidates : undefined,
  };
}
