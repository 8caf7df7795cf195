/**
 * The only way text from outside becomes JSON: bodies, `where` in an address, cursors. JSON.parse alone lets
 * through what later hurts: NUL and half surrogates (PostgreSQL text cannot hold them), infinity out of 1e400,
 * `__proto__` keys, and trees so deep that the next recursive function overflows.
 */
import { invalid, issue, refusal, type Issue } from '../errors/problem.ts';

/** Levels of nesting; a condition of 20 levels is already unreadable. */
export const deepestJson = 64;

/** @throws Problem 400 where it is not JSON, 422 where it holds what cannot be kept. */
export function parseJson(text: string, path = ''): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const at = /position (\d+)/.exec((error as Error).message)?.[1];
    throw refusal(400, 'malformed_json', [
      issue(
        path,
        'malformed_json',
        at === undefined
          ? 'This is not valid JSON.'
          : 'This is not valid JSON: it goes wrong at character {at}.',
        'Send JSON: double quotes around keys and text, no comma after the last entry.',
        { at: Number(at) + 1 },
      ),
    ]);
  }
  checkJson(value, path);
  return value;
}

/** @throws Problem 422 naming the first place that cannot be kept. */
export function checkJson(value: unknown, path = ''): void {
  const found = firstFault(value, path);
  if (found) throw invalid([found]);
}

/** Text that PostgreSQL's UTF-8 can hold: no NUL, no half of a surrogate pair. */
export const isStorableText = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();

/** Without recursion, so that depth is a finding and not an overflow. */
function firstFault(root: unknown, rootPath: string): Issue | undefined {
  const open: { value: unknown; path: string; depth: number }[] = [{ value: root, path: rootPath, depth: 0 }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path, depth } = next;
    if (typeof value === 'string') {
      if (!isStorableText(value)) return unstorable(path);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value)) {
        return issue(
          path,
          'number_too_large',
          'This number is too large.',
          'Send a number with at most 15 digits.',
        );
      }
    } else if (typeof value === 'object' && value !== null) {
      if (depth >= deepestJson) {
        return issue(
          path.slice(0, 200),
          'too_deep',
          'This is nested more than {levels} levels deep.',
          'Write it flatter.',
          {
            levels: deepestJson,
          },
        );
      }
      for (const [key, child] of Object.entries(value)) {
        const at = path === '' ? key : `${path}.${key}`;
        if (!isStorableText(key)) return unstorable(path);
        if (key === '__proto__' || (key === 'constructor' && typeof child === 'object' && child !== null)) {
          return issue(path, 'reserved_key', 'The key “{key}” cannot be used.', 'Leave it out.', { key });
        }
        if (
          typeof child === 'string' ||
          typeof child === 'number' ||
          (typeof child === 'object' && child !== null)
        ) {
          open.push({ value: child, path: at, depth: depth + 1 });
        }
      }
    }
  }
  return undefined;
}

const unstorable = (path: string): Issue =>
  issue(
    path,
    'unstorable_text',
    'This text holds a character that cannot be stored (NUL, or half of a surrogate pair).',
    'Remove the character and send it again.',
  );
