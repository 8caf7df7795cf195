/** The page of error codes, read off the code: where a code is written, its sentence stands beside it. */
import { isCode, isTest, projectFiles } from '../project-files.ts';
import { parseSource, walk, type Node } from '../syntax.ts';
import { code, page, plain, table } from './markdown.ts';

type Said = { code: string; message: string; fix: string };

/** A code in snake_case, then a sentence: how each refusal is made, whatever the function is called. */
function saidIn(args: readonly Node[]): Said | undefined {
  for (const [index, argument] of args.entries()) {
    const key = literal(argument);
    if (key === undefined || !/^[a-z]+(_[a-z]+)*$/.test(key)) continue;
    const message = template(args[index + 1]);
    if (message === undefined || !/^[\p{Lu}“{].* .*[.?…]$/su.test(message)) continue;
    return { code: key, message, fix: template(args[index + 2]) ?? sayOf(args[index + 2]) ?? '' };
  }
  return undefined;
}

/** `refusal(422, 'checkpoint', …)`: a whole document under one code, its sentences made elsewhere. */
function refusedAs(node: Node): Said | undefined {
  if ((node['callee'] as Node)['name'] !== 'refusal') return undefined;
  const [, second] = node['arguments'] as Node[];
  const key = literal(second);
  return key === undefined ? undefined : { code: key, message: '', fix: '' };
}

const literal = (node: Node | undefined): string | undefined =>
  node?.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : undefined;

/** A text as it is written; what is put in at run time as `…`. */
function template(node: Node | undefined): string | undefined {
  if (node?.type !== 'TemplateLiteral') return literal(node);
  const quasis = node['quasis'] as { value: { cooked: string } }[];
  return quasis.map(({ value }) => value.cooked).join('…');
}

/** The sentence of `{ say: '…', set: … }`. */
function sayOf(node: Node | undefined): string | undefined {
  if (node?.type !== 'ObjectExpression') return undefined;
  const say = property(node, 'say');
  return say && template(say);
}

function property(node: Node, name: string): Node | undefined {
  const found = (node['properties'] as Node[]).find(
    (each) => each.type === 'Property' && (each['key'] as Node)['name'] === name,
  );
  return found?.['value'] as Node | undefined;
}

function allSaid(): Said[] {
  const said: Said[] = [];
  const files = projectFiles((path) => isCode(path) && !isTest(path) && !path.startsWith('src/web/'), 'src');
  for (const { path, text } of files) {
    walk(parseSource(path, text).program, (node) => {
      if (node.type === 'CallExpression') {
        const found = saidIn(node['arguments'] as Node[]) ?? refusedAs(node);
        if (found) said.push(found);
      } else if (node.type === 'ObjectExpression') {
        const key = literal(property(node, 'code'));
        if (key !== undefined && property(node, 'message')) {
          const message = template(property(node, 'message')) ?? '';
          said.push({ code: key, message, fix: template(property(node, 'fix')) ?? '' });
        }
      }
    });
  }
  return said;
}

export function errorCodesPage(): string {
  const byCode = new Map<string, Said[]>();
  for (const each of allSaid()) {
    const known = byCode.get(each.code) ?? [];
    if (!known.some(({ message }) => message === each.message)) known.push(each);
    byCode.set(each.code, known);
  }
  const rows = [...byCode]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, said]) => {
      const spoken = said.filter(({ message }) => message !== '');
      if (spoken.length === 0) return [code(key), 'as the definition or the case says', '–'];
      const shown = spoken.toSorted((a, b) => (a.message < b.message ? -1 : 1)).slice(0, 3);
      const more = spoken.length > 3 ? `<br>… and ${spoken.length - 3} more` : '';
      return [
        code(key),
        shown.map(({ message }) => plain(message)).join('<br>') + more,
        shown.map(({ fix }) => plain(fix) || '–').join('<br>'),
      ];
    });
  return page('Error codes', [
    'Codes are stable, sentences may change. `{words}` and `…` are put in when it is said. Every refusal is a problem document as the [guide](../guide/api.md#when-the-answer-is-no) shows.',
    table(['Code', 'Says', 'What to do'], rows),
  ]);
}
