/** The draft as the YAML of a mapping file: what is sure is written, what is not stands in comments. */
import { Document, Pair, Scalar, YAMLMap } from 'yaml';
import type { FieldModel } from '../../../core/catalog/catalog.ts';
import { fold } from '../../../core/conditions/fold.ts';
import { undecided } from '../mapping-file.ts';
import type { Range } from './column-profile.ts';
import { allowedValues } from '../allowed-values.ts';
import type { Draft, DraftColumn } from './draft-mapping.ts';
import type { Candidate } from './guess-columns.ts';
import type { ValueGuess } from './guess-values.ts';

export function draftYaml(draft: Draft): string {
  const { object, file, asked, decided } = draft;
  const root = new YAMLMap<Scalar, unknown>();
  const add = (key: string, value: unknown, note?: string): void => {
    root.add(entry(key, value, note));
  };
  add('object', object.key, toldBy[draft.by]);
  if (asked.sheet !== undefined) add('sheet', asked.sheet);
  if (asked.encoding !== undefined) add('encoding', asked.encoding);
  if (asked.delimiter !== undefined) add('delimiter', asked.delimiter);
  if (asked.header !== undefined) add('header', asked.header);
  if (draft.history)
    add('history', true, 'old records may stand in any stage; what is missing is kept as gaps');
  if (draft.key) add('key', draft.key.key, 'a later file updates the records that this one makes');
  root.add(new Pair(new Scalar('columns'), columnsOf(draft)));
  const templates = templatesOf(draft);
  if (templates.items.length > 0) root.add(new Pair(new Scalar('templates'), templates));
  const values = valuesOf(draft);
  if (values.items.length > 0) root.add(new Pair(new Scalar('values'), values));
  if (draft.pipeline) {
    const constants = new YAMLMap<Scalar, unknown>();
    const { key, others } = draft.pipeline;
    constants.add(entry(object.pipelineField!, key, `or ${others.join(', ')}`));
    root.add(new Pair(new Scalar('constants'), constants));
  }
  const { dateOrder, decimal } = decided.text;
  if (dateOrder) add('date_order', dateOrder);
  if (decimal) add('decimal', decimal);
  const document = new Document(root);
  document.commentBefore = commented([
    `Draft of a mapping for ${draft.fileName}, made by looking at ${rowsOf(draft.rows)}${draft.whole ? '' : ' from its beginning'}.`,
    'Behind each line: how sure it is, and why. Look through it, change what is wrong, then try it:',
    `./groundwork import ${shellWord(draft.fileName)} --mapping <this file> --dry-run`,
    ...(file.notes.length + decided.notes.length > 0 ? ['', ...file.notes, ...decided.notes] : []),
    ...questionsOf(draft).map((text) => `TO DECIDE: ${text}`),
    ...leftEmpty(draft),
    ...parted(draft),
  ]);
  return document.toString({
    lineWidth: 0,
    commentString: (text) => text.replace(/^(?!$)/gm, '# ').replace(/^$/gm, '#'),
  });
}

/** What somebody has to decide before the file can be imported, in sentences. */
export function questionsOf(draft: Draft): string[] {
  return [
    ...draft.values
      .filter(({ mustAnswer }) => mustAnswer)
      .map(
        ({ field, from, rows }) =>
          `what “${from}” means as ${field.label}, in ${rowsOf(rows)}: ${allowedOf(draft, field)}`,
      ),
    ...draft.unfilled.map(
      ({ key, label }) =>
        `${label} must be filled, and no column does: a line such as “constants: { ${key}: … }”`,
    ),
  ];
}

/** Columns that fill two fields, which need no line. */
const parted = ({ columns }: Draft): string[] =>
  columns.flatMap(({ header, taken, rest }) =>
    taken && rest
      ? [
          `“${header}” fills ${taken.field.label} and, with its last word, ${rest.label}: it needs no line below`,
        ]
      : [],
  );

const toldBy = { name: 'by the name of the file', columns: 'by its columns', asked: undefined };

function columnsOf(draft: Draft): YAMLMap<Scalar, unknown> {
  const columns = new YAMLMap<Scalar, unknown>();
  for (const column of draft.columns) {
    const { header, profile, taken, isOwnId, joined, rest } = column;
    // What the import does with several columns, or with one for two fields, no line of a mapping says.
    if (joined !== undefined || rest || (profile.filled === 0 && profile.header.trim() === '')) continue;
    const key = new Scalar(header);
    key.commentBefore = commented([profileLine(column, draft)]);
    const target = isOwnId ? 'id' : taken ? targetOf(taken) : null;
    const value = new Scalar(target);
    value.comment = commented([whyOf(column)]);
    columns.add(new Pair(key, value));
  }
  return columns;
}

const targetOf = ({ field, by }: Candidate): string => (by === undefined ? field.key : `${field.key}.${by}`);

function whyOf({ taken, candidates, isOwnId, overlap, profile }: DraftColumn): string {
  if (isOwnId) return 'ids of this CRM: these records are updated';
  const others = candidates.map((one) => `${targetOf(one)} ${shareOf(one.confidence)}`).join(', ');
  if (!taken) {
    if (profile.filled === 0) return 'not imported: it is empty';
    return others === '' ? 'not imported: no field fits' : `not imported; perhaps ${others}`;
  }
  const parts = [`${shareOf(taken.confidence)}, ${whys[taken.how]}`];
  if (overlap)
    parts.push(
      overlap.share === 1
        ? `all values are in ${overlap.where}`
        : `${shareOf(overlap.share)} of its values are in ${overlap.where}`,
    );
  if (others !== '') parts.push(`or ${others}`);
  return parts.join('; ');
}

const whys: Record<Candidate['how'], string> = {
  key: 'by its name',
  label: 'by its name',
  synonym: 'by its name',
  likeness: 'its name is alike',
  content: 'by what stands in it',
};

function profileLine({ profile, taken }: DraftColumn, { rows, decided }: Draft): string {
  if (profile.filled === 0) return 'empty in all rows';
  const parts = [
    profile.filled === rows ? 'in all rows' : `in ${count(profile.filled)} of ${count(rows)} rows`,
    profile.unique
      ? 'each another'
      : profile.distinct === 1
        ? 'always the same'
        : `${count(profile.distinct)} different`,
    sorts[profile.sort],
  ];
  const range = profile.ranges[decided.text.dateOrder === 'mdy' || decided.text.decimal === ',' ? 1 : 0];
  if (range.min !== undefined && range.min !== range.max) parts.push(rangeOf(range));
  else parts.push(`such as ${profile.examples.map(quoted).join(', ')}`);
  if (taken === undefined && profile.longest > 200) parts.push(`up to ${count(profile.longest)} characters`);
  return parts.join(', ');
}

const sorts = {
  uuid: 'ids',
  email: 'e-mail addresses',
  url: 'web addresses',
  date: 'days',
  datetime: 'days and times',
  number: 'numbers',
  money: 'amounts',
  phone: 'phone numbers',
  yes_no: 'yes or no',
  text: 'text',
};

const rangeOf = ({ min, max }: Range): string => `from ${min} to ${max}`;

function templatesOf({ joined, nameFrom }: Draft): YAMLMap<Scalar, unknown> {
  const templates = new YAMLMap<Scalar, unknown>();
  for (const { field, headers } of joined)
    templates.add(entry(field.key, headers.map((header) => `{${header}}`).join(' '), 'put together'));
  if (nameFrom)
    templates.add(
      entry(
        nameFrom.field.key,
        `{${nameFrom.header}}`,
        'no column names them; columns may be put together here',
      ),
    );
  return templates;
}

/** By field. What is not alike to anything is left empty by the import and told at the top, unless rows need it. */
function valuesOf(draft: Draft): YAMLMap<Scalar, unknown> {
  const byField = new YAMLMap<Scalar, unknown>();
  for (const [field, guesses] of grouped(draft.values)) {
    const meanings = new YAMLMap<Scalar, unknown>();
    const seen = new Set<string>();
    for (const { from, to, rows, confidence, mustAnswer } of guesses) {
      if (seen.has(fold(from)) || (to === undefined && !mustAnswer)) continue;
      seen.add(fold(from));
      if (to !== undefined) meanings.add(entry(from, to, `${shareOf(confidence)} alike, ${rowsOf(rows)}`));
      else meanings.add(entry(from, undecided, `${rowsOf(rows)}; nothing is alike`));
    }
    if (meanings.items.length === 0) continue;
    const key = new Scalar(field.key);
    if (!field.type.linkTo) key.commentBefore = commented([`one of ${allowedOf(draft, field)}`]);
    byField.add(new Pair(key, meanings));
  }
  return byField;
}

/** Values that no field value is like, field by field. */
function leftEmpty(draft: Draft): string[] {
  return [...grouped(draft.values.filter(({ to, mustAnswer }) => to === undefined && !mustAnswer))].map(
    ([field, values]) => {
      const told = values.slice(0, 20).map(({ from, rows }) => `${quoted(from)} (${count(rows)})`);
      const more = values.length > told.length ? ` and ${count(values.length - told.length)} more` : '';
      return (
        `LEFT EMPTY: ${field.label} knows no ${told.join(', ')}${more}. ` +
        `Under “values: { ${field.key}: … }” it can be said what they mean: ${allowedOf(draft, field)}`
      );
    },
  );
}

/** Of stages those of the pipeline that the file is taken for. */
function allowedOf(
  { object, pipeline, env }: Pick<Draft, 'object' | 'pipeline' | 'env'>,
  field: FieldModel,
): string {
  const known = field.type.role === 'stage' && object.pipelines.find(({ key }) => key === pipeline?.key);
  return (known ? known.stages.map(({ key }) => key) : allowedValues(field, env.catalog)).join(', ');
}

function grouped(values: readonly ValueGuess[]): Map<FieldModel, ValueGuess[]> {
  const found = new Map<FieldModel, ValueGuess[]>();
  for (const value of values) found.set(value.field, [...(found.get(value.field) ?? []), value]);
  return found;
}

function entry(key: string, value: unknown, note?: string): Pair<Scalar, Scalar> {
  const scalar = new Scalar(value);
  if (note !== undefined) scalar.comment = commented([note]);
  return new Pair(new Scalar(key), scalar);
}

/** Text of strangers must not end a comment. */
const commented = (lines: readonly string[]): string =>
  lines.map((line) => line.replace(/\p{Cc}+/gu, ' ').slice(0, 500)).join('\n');

const shareOf = (share: number): string => `${share >= 0.995 && share < 1 ? 99 : Math.round(share * 100)} %`;
const quoted = (text: string): string => `“${text.length > 40 ? `${text.slice(0, 39)}…` : text}”`;
const count = (number: number): string => number.toLocaleString('en-US');
const rowsOf = (number: number): string => `${count(number)} ${number === 1 ? 'row' : 'rows'}`;
const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
