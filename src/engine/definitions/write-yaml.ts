/** Definitions into YAML, with the comments that stood in their text. */
import {
  Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  visit,
  type Node,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Sort } from '../../core/definitions/index.ts';
import { same } from './layers.ts';
import { keyIn, maxAliases } from './read-yaml.ts';
import { entriesOf, inSchemaOrder, shapeAt, shapes, type Shape } from './shape.ts';

/** YAML of a definition that has no text yet: keys in the order of the schema. */
export function writeYaml(sort: Sort, value: unknown): string {
  return new Document(inSchemaOrder(value, shapes[sort]), { version: '1.2' }).toString(style);
}

const style = { lineWidth: 110, flowCollectionPadding: true } as const;

/** `text` mended so that it says `value`: what already does stays as it stands, comments and all. */
export function amendYaml(sort: Sort, text: string, value: unknown): string {
  const document = parseDocument(text, { version: '1.2' });
  const before = document.toJS({ maxAliasCount: maxAliases });
  if (!isMap(document.contents)) return writeYaml(sort, value);
  if (hasAlias(document)) return writeYaml(sort, value);
  amend(document, document.contents, before, inSchemaOrder(value, shapes[sort]), shapes[sort]);
  return document.toString(style);
}

function hasAlias(document: Document): boolean {
  let found = false;
  visit(document, {
    Alias() {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

function amend(
  document: Document,
  node: YAMLMap | YAMLSeq,
  before: unknown,
  after: unknown,
  shape: Shape,
): void {
  const old = entriesOf(before, shape)!;
  const wanted = entriesOf(after, shape)!;
  const parts = new Map<string, unknown>(
    isMap(node)
      ? node.items.map((pair) => [String(isScalar(pair.key) ? pair.key.value : pair.key), pair])
      : node.items.map((item, index) => [String(keyIn(item) ?? `#${index}`), item]),
  );
  const items: unknown[] = [];
  const keys =
    shape.kind === 'object' ? inTextOrder([...parts.keys()], [...wanted.keys()]) : [...wanted.keys()];
  for (const key of keys) {
    const value = wanted.get(key);
    const inner = shapeAt(shape, key);
    const part: any = parts.get(key);
    const place = part === undefined ? undefined : isMap(node) ? part.value : part;
    if (part !== undefined && same(old.get(key), value) && sameOrder(old.get(key), value, inner))
      items.push(part);
    else if (
      place &&
      (isMap(place) || isSeq(place)) &&
      entriesOf(old.get(key), inner) &&
      entriesOf(value, inner)
    ) {
      amend(document, place, old.get(key), value, inner);
      items.push(part);
    } else if (isMap(node)) {
      if (part) part.value = commentedAs(document.createNode(value), part.value);
      items.push(part ?? document.createPair(key, value));
    } else items.push(document.createNode(value));
  }
  node.items = items as typeof node.items;
}

/** The node, with what was remarked on the one in whose place it stands. */
function commentedAs(node: Node, former: unknown): Node {
  if (!isNode(former)) return node;
  node.comment = former.comment;
  node.commentBefore = former.commentBefore;
  return node;
}

/** Keys that the text has, in its order; new ones behind their neighbour in the schema's order. */
function inTextOrder(text: readonly string[], wanted: readonly string[]): string[] {
  const keys = text.filter((key) => wanted.includes(key));
  wanted.forEach((key, index) => {
    if (keys.includes(key)) return;
    const neighbour = wanted.slice(0, index).findLast((other) => keys.includes(other));
    keys.splice(neighbour === undefined ? 0 : keys.indexOf(neighbour) + 1, 0, key);
  });
  return keys;
}

function sameOrder(a: unknown, b: unknown, shape: Shape): boolean {
  const left = entriesOf(a, shape);
  const right = entriesOf(b, shape);
  if (!left || !right) return true;
  if (shape.kind !== 'object' && !same([...left.keys()], [...right.keys()])) return false;
  return [...left.keys()].every((key) => sameOrder(left.get(key), right.get(key), shapeAt(shape, key)));
}
