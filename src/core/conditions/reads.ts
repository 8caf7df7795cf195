/** What a condition or a computed field depends on: who must be judged again when something changes. */
import type { Catalog, FieldModel } from '../catalog/catalog.ts';
import { resolveCondition, resolveFormula } from './resolve.ts';
import type { Argument, Formula, Operand, Resolved, ResolvedExpression } from './resolved.ts';
import { neutralParse } from './scope.ts';
import type { Place } from './variables.ts';

export type Reads = {
  /** The record's own stored fields, those within computed fields and the links it follows included. */
  fields: ReadonlySet<string>;
  /** Own computed fields it names, themselves written out in `fields`. */
  computed: ReadonlySet<string>;
  /** Objects whose records count as related ones (some, none, count). */
  related: ReadonlySet<string>;
  /** Objects read over links. */
  linked: ReadonlySet<string>;
  /** Its answer may change as time goes by. */
  clock: boolean;
};

type Found = {
  fields: Set<string>;
  computed: Set<string>;
  related: Set<string>;
  linked: Set<string>;
  clock: boolean;
};
const nothing = (): Found => ({
  fields: new Set(),
  computed: new Set(),
  related: new Set(),
  linked: new Set(),
  clock: false,
});

/** What the condition reads; of one that does not hold together nothing is told. */
export function conditionReads(
  condition: unknown,
  input: { catalog: Catalog; object: string; place: Place },
): Reads {
  const { node, issues } = resolveCondition(condition, { ...input, parse: neutralParse(input.catalog) });
  const found = nothing();
  if (issues.length === 0) walk(node, 0, found);
  return found;
}

/** What a computed field reads. */
export function computedReads(field: FieldModel, catalog: Catalog): Reads {
  const { formula } = resolveFormula(field, { catalog, place: 'computed', parse: neutralParse(catalog) });
  const found = nothing();
  if (formula) walkFormula(formula, 0, found);
  return found;
}

/** `depth` 0 is the record itself, 1 a condition on records related to it, 2 anything further away. */
function walk(node: Resolved, depth: number, found: Found): void {
  if (node.kind === 'not') walk(node.part, depth, found);
  else if (node.kind === 'test') {
    walkOperand(node.operand, depth, found);
    if (node.test.operator.argument === 'duration') found.clock = true;
    for (const argument of node.test.args) walkArgument(argument, depth, found);
  } else if (node.kind === 'related') {
    walkLinks(node.links, depth, found);
    found.related.add(node.link.object);
    if (node.where) walk(node.where, depth === 0 && node.links.length === 0 ? 1 : 2, found);
  } else for (const part of node.parts) walk(part, depth, found);
}

function walkArgument(argument: Argument, depth: number, found: Found): void {
  if (argument.kind === 'moment') found.clock = true;
  if (argument.kind !== 'row') return;
  const parent = argument.row === 'parent';
  // A field of $parent is the record's own one step away; of $old it is never a row that can change.
  walkOperand(argument.operand, parent && depth === 1 ? 0 : 2, found);
}

function walkLinks(links: readonly FieldModel[], depth: number, found: Found): void {
  if (depth === 0 && links[0]) found.fields.add(links[0].key);
  for (const link of links) found.linked.add(link.type.linkTo!(link));
}

function walkOperand({ links, field, formula }: Operand, depth: number, found: Found): void {
  walkLinks(links, depth, found);
  const here = links.length === 0 ? depth : 2;
  if (formula) {
    if (here === 0) found.computed.add(field.key);
    walkFormula(formula, here, found);
  } else if (here === 0) found.fields.add(field.key);
}

function walkFormula(formula: Formula, depth: number, found: Found): void {
  if (formula.kind === 'condition') walk(formula.node, depth, found);
  else walkExpression(formula.node, depth, found);
}

function walkExpression(node: ResolvedExpression, depth: number, found: Found): void {
  if (node.kind === 'field') walkOperand(node.operand, depth, found);
  else if (node.kind === 'moment') found.clock = true;
  else if (node.kind === 'call') for (const arg of node.args) walkExpression(arg, depth, found);
  else if (node.kind === 'if') {
    walk(node.test, depth, found);
    walkExpression(node.then, depth, found);
    walkExpression(node.else, depth, found);
  }
}
