/** Parts that requests about one record share. */
import { invalid, issue } from '../core/errors/problem.ts';
import type { HttpRequest } from './operation.ts';

export const bodyObject = (body: unknown): Record<string, unknown> => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid([issue('', 'not_an_object', 'Send a JSON object.', 'Write {"field": value}.')]);
  }
  return body as Record<string, unknown>;
};

/** The version of an If-Match header, as `3`, `"3"` or `W/"3"`; `*` asks nothing. */
export function versionOf(request: HttpRequest): number | undefined {
  const header = request.header('if-match')?.trim();
  if (header === undefined || header === '' || header === '*') return undefined;
  const found = /^(?:W\/)?"?(\d{1,9})"?$/.exec(header);
  if (!found)
    throw invalid([
      issue(
        'If-Match',
        'bad_version',
        'If-Match takes the record’s version.',
        'Send the version that you read, such as "3".',
      ),
    ]);
  return Number(found[1]);
}
