/**
 * Ask the kind, never its name: a comparison with a kind's key outside that kind's folder is a rule that the
 * next kind of the same sort would miss.
 */
import type { Finding } from './finding.ts';
import { isTest } from './project-files.ts';
import { lineAt, walk, type Node, type Source } from './syntax.ts';

export type KindKeys = {
  fields: ReadonlySet<string>;
  operators: ReadonlySet<string>;
  checkpoints: ReadonlySet<string>;
};

/** How a kind's key is read, by registry: `field.type.key`, `field.type` in the web, `test.operator.key`. */
const readings: readonly { registry: keyof KindKeys; what: string; read: RegExp }[] = [
  {
    registry: 'fields',
    what: 'field type',
    read: /(\.type\??\.key|\b(field|fact|column|shape|definition)\w*\??!?\.type|^type\.key|^fieldType(\.key)?)$/,
  },
  { registry: 'operators', what: 'operator', read: /(\boperator(\??\.key)?|^op\.key)$/ },
  { registry: 'checkpoints', what: 'checkpoint kind', read: /(\bkind\??\.key|\bitem\??\.type)$/ },
];

const comparing = new Set(['===', '!==', '==', '!=']);

/** Comparisons and switches on a kind's key. */
export function namedKinds({ path, text, program }: Source, keys: KindKeys): Finding[] {
  if (isTest(path) || !path.startsWith('src/')) return [];
  const found: Finding[] = [];
  const check = (reader: Node, literals: readonly Node[], at: Node): void => {
    const written = text.slice(reader.start, reader.end);
    for (const { registry, what, read } of readings) {
      if (!read.test(written)) continue;
      for (const literal of literals) {
        const key = literal['value'];
        if (literal.type !== 'Literal' || typeof key !== 'string' || !keys[registry].has(key)) continue;
        if (isItsFolder(path, registry, key)) continue;
        found.push({
          file: path,
          line: lineAt(text, at.start),
          say: `asks for the ${what} “${key}” by name. Give the kind a capability (a function or flag) and ask for that, so that the next ${what} needs no change here.`,
        });
      }
    }
  };
  walk(program, (node) => {
    if (node.type === 'BinaryExpression' && comparing.has(node['operator'] as string)) {
      const [left, right] = [node['left'] as Node, node['right'] as Node];
      check(left, [right], node);
      check(right, [left], node);
    } else if (node.type === 'SwitchStatement') {
      const cases = node['cases'] as { test: Node | null }[];
      check(
        node['discriminant'] as Node,
        cases.flatMap((each) => each.test ?? []),
        node,
      );
    } else if (node.type === 'CallExpression') {
      checkIncludes(node, check);
    }
  });
  return found;
}

/** `['money', 'date'].includes(field.type.key)`. */
function checkIncludes(node: Node, check: (reader: Node, literals: readonly Node[], at: Node) => void): void {
  const callee = node['callee'] as Node;
  const [argument] = node['arguments'] as Node[];
  if (callee.type !== 'MemberExpression' || !argument) return;
  const list = callee['object'] as Node;
  if ((callee['property'] as Node)['name'] !== 'includes' || list.type !== 'ArrayExpression') return;
  check(
    argument,
    (list['elements'] as (Node | null)[]).flatMap((each) => each ?? []),
    node,
  );
}

const isItsFolder = (path: string, registry: keyof KindKeys, key: string): boolean => {
  const name = key.replaceAll('_', '-');
  return path.startsWith(`src/kinds/${registry}/${name}/`) || path === `src/kinds/${registry}/${name}.ts`;
};
