/**
 * Finds every name of a condition in the catalog: fields and paths over links, related records, operators,
 * literals, variables. What is not there, not visible or not allowed in its place becomes an issue.
 */
import type { FieldModel, ObjectModel, ReverseLink } from '../catalog/catalog.ts';
import { nearest } from '../catalog/nearest.ts';
import { issue, type Issue } from '../errors/problem.ts';
import { countField } from './count-field.ts';
import { resolveExpression } from './expression.ts';
import { limits, parseCondition, type Tree } from './grammar.ts';
import { resolveTest } from './resolve-test.ts';
import type { Formula, Operand, Resolved, ResolvedTest } from './resolved.ts';
import type { ResolveEnv, Scene } from './scene.ts';
import { places } from './variables.ts';

const scene = (env: ResolveEnv): Scene => ({
  env,
  issues: [],
  object: env.object,
  around: undefined,
  places: [env.place],
  computing: [],
  budget: { left: 5_000 },
  operand: (name, path, at) => resolveOperand(name, path, at),
});

/** Resolves a condition. With any issue the node must not be used. */
export function resolveCondition(
  condition: unknown,
  env: ResolveEnv,
  path = '',
): { node: Resolved; issues: Issue[] } {
  const start = scene(env);
  if (!env.catalog.objects.has(env.object)) {
    start.issues.push(unknown(start, path, env.object, 'object', env.catalog.objects.keys()));
    return { node: never, issues: start.issues };
  }
  const { tree, issues } = parseCondition(condition, path);
  start.issues.push(...issues);
  const node = issues.length > 0 ? never : resolveTree(tree, start);
  return { node, issues: once(start.issues) };
}

/** Two tests of one unknown field are one finding. */
function once(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ path, code }) => !seen.has(`${path} ${code}`) && seen.add(`${path} ${code}`));
}

/** Resolves a field path alone, for sorting, selecting, summing and grouping. */
export function resolvePath(
  name: string,
  env: ResolveEnv,
  at = name,
): { operand?: Operand; issues: Issue[] } {
  const start = scene(env);
  const operand = resolveOperand(name, at, start);
  return { operand, issues: start.issues };
}

/** Resolves what a computed field means: its own condition or expression. */
export function resolveFormula(
  field: FieldModel,
  env: Omit<ResolveEnv, 'object'>,
  path = field.key,
): { formula?: Formula; issues: Issue[] } {
  const start = scene({ ...env, object: field.object });
  const formula = formulaOf(field, path, start);
  return { formula, issues: start.issues };
}

/** Any of nothing: matches nothing. */
const never: Resolved = { kind: 'any', parts: [] };

function unknown(at: Scene, path: string, name: string, what: string, known: Iterable<string>): Issue {
  const found = nearest(name, known);
  const object = at.env.catalog.objects.get(at.object)?.label.many ?? at.object;
  return issue(
    path,
    what === 'object' ? 'unknown_object' : 'unknown_field',
    what === 'object' ? 'There is no object “{name}”.' : 'There is no field “{name}” on {object}.',
    found ? 'Did you mean “{found}”?' : 'See the catalog for the names there are.',
    { name: name.slice(0, 60), object, found },
  );
}

const mayObject = (at: Scene, object: string): boolean => at.env.may?.object(object) ?? true;
const mayField = (at: Scene, object: string, field: string): boolean =>
  at.env.may?.field(object, field) ?? true;

/** Names a caller may be told of: living, visible fields and related records. */
function* visibleNames(at: Scene, object: ObjectModel): Iterable<string> {
  for (const field of object.fields.values()) if (mayField(at, object.key, field.key)) yield field.key;
  for (const link of object.reverse.values()) if (mayLink(at, link)) yield link.name;
}

const mayLink = (at: Scene, link: ReverseLink): boolean =>
  mayObject(at, link.object) && mayField(at, link.object, link.field);

type Target = { links: FieldModel[]; object: ObjectModel; field?: FieldModel; link?: ReverseLink };

/** Follows a dotted path to a field, or to related records. Says what is wrong and gives undefined. */
function follow(name: string, path: string, at: Scene): Target | undefined {
  const steps = name.split('.');
  const links: FieldModel[] = [];
  let object = at.env.catalog.objects.get(at.object)!;
  if (steps.length - 1 > limits.links) {
    at.issues.push(
      issue(path, 'path_too_long', 'A path follows at most {most} links.', 'Shorten the path.', {
        most: limits.links,
      }),
    );
    return undefined;
  }
  for (const [index, key] of steps.entries()) {
    const last = index === steps.length - 1;
    const found = object.fields.get(key);
    const field = found && mayField(at, object.key, key) ? found : undefined;
    if (last && field) return { links, object, field };
    const link = field ? undefined : object.reverse.get(key);
    if (last && link && mayLink(at, link)) return { links, object, link };
    const target = field?.type.linkTo?.(field);
    const next =
      target === undefined || !mayObject(at, target) ? undefined : at.env.catalog.objects.get(target);
    if (!field || (target !== undefined && !next)) {
      at.issues.push(unknown({ ...at, object: object.key }, path, key, 'field', visibleNames(at, object)));
      return undefined;
    }
    if (!next) {
      at.issues.push(
        issue(
          path,
          'not_a_link',
          '“{label}” is not a link, so it has no fields of its own.',
          'Name it alone, without what follows.',
          {
            label: field.label,
          },
        ),
      );
      return undefined;
    }
    links.push(field);
    object = next;
  }
  return undefined;
}

/** True where links may be followed; else says so. */
function linksHold(path: string, at: Scene): boolean {
  const place = at.places.find((one) => !places[one].links);
  if (place === undefined) return true;
  at.issues.push(
    issue(
      path,
      'forbidden_here',
      'Related records cannot be asked about in {place}.',
      'Use the record’s own fields, or a rollup.',
      {
        place: places[place].words,
      },
    ),
  );
  return false;
}

/** Resolves a path to a field with its formula; undefined with an issue when there is none. */
function resolveOperand(name: string, path: string, at: Scene): Operand | undefined {
  const target = follow(name, path, at);
  if (!target) return undefined;
  if (!target.field) {
    at.issues.push(
      issue(
        path,
        'related_records',
        '“{name}” are related records, not a field.',
        'Ask with some, none or count.',
        {
          name: name.slice(0, 60),
        },
      ),
    );
    return undefined;
  }
  if (target.links.length > 0 && !linksHold(path, at)) return undefined;
  const { links, field } = target;
  if (!field.type.computed) return { links, field };
  const before = at.issues.length;
  const formula = formulaOf(field, path, at);
  // Who may not see what a computed field reads must not learn it from the field: it is unknown to them.
  if (!formula && at.env.may) {
    at.issues.splice(
      before,
      Infinity,
      unknown({ ...at, object: field.object }, path, field.key, 'field', []),
    );
  }
  return formula && { links, field, formula };
}

function formulaOf(field: FieldModel, path: string, at: Scene): Formula | undefined {
  const name = `${field.object}.${field.key}`;
  if (at.computing.includes(name) || at.computing.length >= limits.depth) {
    at.issues.push(
      issue(
        path,
        'computed_cycle',
        'The computed field “{label}” is computed from itself: {way}.',
        'Break the circle at one of them.',
        {
          label: field.label,
          way: [...at.computing, name].join(' → '),
        },
      ),
    );
    return undefined;
  }
  const computed = field.type.computed!(field);
  const inner: Scene = {
    ...at,
    issues: [],
    object: field.object,
    around: undefined,
    places: [...at.places, 'computed'],
    computing: [...at.computing, name],
  };
  let formula: Formula | undefined;
  if ('condition' in computed) {
    const { tree, issues } = parseCondition(computed.condition, path);
    inner.issues.push(...issues);
    if (issues.length === 0) formula = { kind: 'condition', node: resolveTree(tree, inner) };
  } else {
    const node = resolveExpression(computed.expression, path, {
      issues: inner.issues,
      room: (here) => room(inner, here),
      operand: (key, here) => resolveOperand(key, here, inner),
      condition: (condition, here) => {
        const { tree, issues } = parseCondition(condition, here);
        inner.issues.push(...issues);
        return issues.length === 0 ? resolveTree(tree, inner) : undefined;
      },
      time: inner.places.every((place) => places[place].time),
    });
    if (node) formula = { kind: 'expression', node };
  }
  if (inner.issues.length === 0) return formula;
  at.issues.push(...inner.issues);
  return undefined;
}

/** Counts a node against the budget; says once that it is spent. */
function room(at: Scene, path: string): boolean {
  if (at.budget.left-- > 0) return true;
  if (at.budget.left === -1) {
    at.issues.push(
      issue(
        path,
        'too_many_tests',
        'Written out with its computed fields this condition is too long.',
        'Ask for fewer computed fields at once.',
      ),
    );
  }
  return false;
}

function resolveTree(tree: Tree, at: Scene): Resolved {
  if (!room(at, tree.at)) return never;
  switch (tree.kind) {
    case 'all':
    case 'any':
      return { kind: tree.kind, parts: tree.parts.map((part) => resolveTree(part, at)) };
    case 'not':
      return { kind: 'not', part: resolveTree(tree.part, at) };
    case 'test': {
      const operand = resolveOperand(tree.name, tree.at, at);
      const test = operand && resolveTest(operand.field, tree.test, at);
      return operand && test ? { kind: 'test', operand, test } : never;
    }
    case 'related':
      return resolveRelated(tree, at);
  }
}

function resolveRelated(tree: Extract<Tree, { kind: 'related' }>, at: Scene): Resolved {
  const target = follow(tree.name, tree.at, at);
  if (!target) return never;
  if (!target.link) {
    const link = target.field?.type.linkTo !== undefined;
    at.issues.push(
      issue(
        tree.at,
        'not_related_records',
        '“{label}” is a field, not related records, so some, none and count do not go with it.',
        link ? 'Ask for a field of the linked record: “{name}.…”.' : 'Compare it with a value.',
        { label: target.field?.label ?? tree.name, name: tree.name },
      ),
    );
    return never;
  }
  if (!linksHold(tree.at, at)) return never;
  const inside: Scene = { ...at, object: target.link.object, around: target.object.key };
  const where = tree.where && resolveTree(tree.where, inside);
  const tests: ResolvedTest[] = [];
  if (tree.quantifier === 'count') {
    for (const asked of tree.tests) {
      const test = resolveTest(countField(target.link.object), asked, at);
      if (test) tests.push(test);
    }
  }
  return {
    kind: 'related',
    links: target.links,
    link: target.link,
    quantifier: tree.quantifier,
    where,
    tests,
  };
}
