/** A condition as an English sentence: in the role editor, refusals, docs and tests. */
import type { Catalog, FieldModel } from '../catalog/catalog.ts';
import { countField } from './count-field.ts';
import { resolveCondition } from './resolve.ts';
import type { Argument, Operand, Resolved, ResolvedTest } from './resolved.ts';
import { neutralParse, type Visibility } from './scope.ts';
import { small, withArticle } from './sentence.ts';
import { momentWords, spanWords, type Span } from './span.ts';
import type { Place, RowVariable } from './variables.ts';

type Env = { catalog: Catalog; object: string; place?: Place; may?: Visibility };

/**
 * "stage is Proposal sent or Negotiation and there is no activity where type is Call". Never throws: a
 * condition that does not hold together, or asks for what `may` hides, is said to be one without telling it.
 */
export function explainCondition(condition: unknown, env: Env): string {
  for (const place of env.place ? [env.place] : explained) {
    const { node, issues } = resolveCondition(condition, { ...env, place, parse: neutralParse(env.catalog) });
    if (issues.length === 0) return sentence(node, { env, object: env.object }, false);
  }
  return 'a condition that cannot be shown';
}

/** Between them these places know all variables: the words are the same wherever it stands. */
const explained: readonly Place[] = ['list', 'automation', 'match'];

type Telling = { env: Env; object: string };

function sentence(node: Resolved, at: Telling, nested: boolean): string {
  switch (node.kind) {
    case 'all':
    case 'any': {
      if (node.parts.length === 0) return node.kind === 'all' ? 'always' : 'never';
      if (node.parts.length === 1) return sentence(node.parts[0]!, at, nested);
      const text = node.parts
        .map((part) => sentence(part, at, true))
        .join(node.kind === 'all' ? ' and ' : ' or ');
      return nested ? `(${text})` : text;
    }
    case 'not':
      return `it is not so that ${sentence(node.part, at, true)}`;
    case 'test':
      return `${operandWords(node.operand)} ${testWords(node.operand.field, node.test, at)}`;
    case 'related':
      return relatedWords(node, at);
  }
}

function relatedWords(node: Extract<Resolved, { kind: 'related' }>, at: Telling): string {
  const { catalog } = at.env;
  const labels = catalog.objects.get(node.link.object)!.label;
  const one = small(labels.one);
  const many = small(labels.many);
  const inside: Telling = { ...at, object: node.link.object };
  const trivial = !node.where || (node.where.kind === 'all' && node.where.parts.length === 0);
  const where = trivial ? '' : ` where ${sentence(node.where!, inside, true)}`;
  const from = catalog.objects.get(node.link.object)!.fields.get(node.link.field);
  const twice = node.link.name !== node.link.object && from ? ` by ${small(from.label)}` : '';
  const of = node.links.length > 0 ? ` of ${possessive(node.links).replace(/’s $/, '')}` : '';
  if (node.quantifier === 'some') return `there is ${withArticle(one)}${twice}${of}${where}`;
  if (node.quantifier === 'none') return `there is no ${one}${twice}${of}${where}`;
  const count = countField(node.link.object);
  return node.tests
    .map((test) => `the number of ${many}${twice}${of}${where} ${testWords(count, test, at)}`)
    .join(' and ');
}

const possessive = (links: readonly FieldModel[]): string =>
  links.map((link) => `${small(link.label)}’s `).join('');

const operandWords = ({ links, field }: Operand): string => possessive(links) + small(field.label);

function testWords(field: FieldModel, test: ResolvedTest, at: Telling): string {
  const words = test.args.slice(0, 6).map((argument) => argumentWords(argument, field, test, at));
  if (test.args.length > 6) words.push(`${test.args.length - 6} others`);
  return test.operator.explain(words, test.flag, field);
}

const rows: Record<RowVariable, string> = {
  old: 'before the change',
  other: 'of the other record',
  parent: 'of this record',
  input: 'as sent',
};

function argumentWords(argument: Argument, field: FieldModel, test: ResolvedTest, at: Telling): string {
  switch (argument.kind) {
    case 'me':
      return 'me';
    case 'my_team':
      return 'my team';
    case 'moment':
      return momentWords(argument.moment);
    case 'row':
      return `the ${operandWords(argument.operand)} ${rows[argument.row]}`;
    case 'literal': {
      if (test.operator.argument === 'duration') return spanWords(argument.value as Span);
      if (test.operator.argument === 'text') return `“${String(argument.shown)}”`;
      if (test.operator.argument === 'word') return String(argument.value);
      // A text is compared folded; people read it as it was written.
      const textual = field.type.traits(field).includes('textual') && typeof argument.shown === 'string';
      return textual ? String(argument.shown) : field.type.display(argument.value, field, at.env.catalog);
    }
  }
}
