/** Input against its zod schema; what zod finds becomes findings in our words: where, what, and what to do. */
import type { z } from 'zod';
import { invalid, issue, type Issue } from './problem.ts';

/** At most this many are listed; a longer list helps nobody. */
const most = 50;

/** The input as the schema makes it. @throws Problem 422 with all findings. */
export async function parseInput<T>(type: z.ZodType<T>, input: unknown): Promise<T> {
  const parsed = await type.safeParseAsync(input, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues.flatMap((found) => issuesOf(found, [])).slice(0, most));
}

function issuesOf(found: z.core.$ZodIssue, before: readonly PropertyKey[]): Issue[] {
  const at = [...before, ...found.path];
  const path = at.map(String).join('.');
  switch (found.code) {
    case 'unrecognized_keys':
      return found.keys.map((key) =>
        issue(
          [...at, key].map(String).join('.'),
          'unknown_key',
          'There is no “{key}” here.',
          'Leave it out, or check how it is written.',
          { key },
        ),
      );
    case 'invalid_type':
      return [
        found.input === undefined
          ? issue(path, 'required', 'This is required.', 'Send {expected}.', {
              expected: withArticle(found.expected),
            })
          : issue(path, 'invalid_type', 'This must be {expected}.', 'Send {expected}.', {
              expected: withArticle(found.expected),
            }),
      ];
    case 'invalid_union': {
      const nearest = found.errors.toSorted((a, b) => a.length - b.length)[0];
      return nearest && nearest.length > 0
        ? nearest.flatMap((inner) => issuesOf(inner, at))
        : [issue(path, 'invalid_value', found.message, 'See the API reference for what may stand here.')];
    }
    case 'invalid_value':
      return [
        issue(path, 'invalid_value', 'This is not one of the values allowed.', 'Use one of: {values}.', {
          values: found.values.map(String).join(', '),
        }),
      ];
    default:
      return [issue(path, found.code, found.message, 'See the API reference for what may stand here.')];
  }
}

const withArticle = (type: string): string =>
  ({
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a JSON object',
    record: 'a JSON object',
    date: 'a date',
  })[type] ?? type;
