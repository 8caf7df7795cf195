/** A draft as the API answers it. */
import { allowedValues } from '../allowed-values.ts';
import type { Draft, DraftColumn } from './draft-mapping.ts';
import { draftYaml, questionsOf } from './draft-yaml.ts';

/** Values of a column that are told. */
const mostValues = 50;

export type DraftAnswer = {
  object: string;
  rows: number;
  /** False: only the first rows were looked at. */
  whole: boolean;
  encoding: string;
  sheet: string | null;
  other_sheets: string[];
  history: boolean;
  key: string | null;
  columns: {
    header: string;
    /** A field key, `link.field`, `id`, or null: it is not imported. */
    target: string | null;
    /** From 0 to 1. */
    confidence: number;
    how: string | null;
    candidates: { target: string; confidence: number }[];
    filled: number;
    distinct: number;
    unique: boolean;
    sort: string;
    examples: string[];
    values: { text: string; rows: number }[];
    /** False: there are more values than are told. */
    all_values: boolean;
    /** Of a link: where its values are found, and the share of them. */
    found: { where: string; share: number } | null;
  }[];
  templates: Record<string, string>;
  constants: Record<string, string>;
  /** What stands in the file and is no value of its field; `to` is null where none is alike. */
  values: {
    field: string;
    from: string;
    to: string | null;
    confidence: number;
    rows: number;
    must_answer: boolean;
    allowed: string[];
  }[];
  /** Fields that must be filled and that no column fills. */
  unfilled: string[];
  questions: string[];
  notes: string[];
  mapping: string;
};

export function draftAnswer(draft: Draft): DraftAnswer {
  const { object, rows, whole, file, history, key, values, env, decided } = draft;
  return {
    object: object.key,
    rows,
    whole,
    encoding: file.encoding.name,
    sheet: file.sheet?.name ?? null,
    other_sheets: file.sheet?.others ?? [],
    history,
    key: key?.key ?? null,
    columns: draft.columns.map(columnAnswer),
    templates: Object.fromEntries([
      ...draft.joined.map(({ field, headers }) => [
        field.key,
        headers.map((header) => `{${header}}`).join(' '),
      ]),
      ...(draft.nameFrom ? [[draft.nameFrom.field.key, `{${draft.nameFrom.header}}`]] : []),
    ]),
    constants: draft.pipeline ? { [object.pipelineField!]: draft.pipeline.key } : {},
    values: values.map(({ field, from, to, confidence, rows: times, mustAnswer }) => ({
      field: field.key,
      from,
      to: to ?? null,
      confidence,
      rows: times,
      must_answer: mustAnswer,
      allowed: allowedValues(field, env.catalog),
    })),
    unfilled: draft.unfilled.map((field) => field.key),
    questions: questionsOf(draft),
    notes: [...file.notes, ...decided.notes],
    mapping: draftYaml(draft),
  };
}

function columnAnswer({
  header,
  taken,
  isOwnId,
  candidates,
  profile,
  overlap,
}: DraftColumn): DraftAnswer['columns'][number] {
  const target = ({ field, by }: { field: { key: string }; by?: string }): string =>
    by === undefined ? field.key : `${field.key}.${by}`;
  const { filled, distinct, unique, sort, examples, values, allValues } = profile;
  return {
    header,
    target: isOwnId ? 'id' : taken ? target(taken) : null,
    confidence: isOwnId ? 1 : (taken?.confidence ?? 0),
    how: isOwnId ? 'key' : (taken?.how ?? null),
    candidates: candidates.map((one) => ({ target: target(one), confidence: one.confidence })),
    filled,
    distinct,
    unique,
    sort,
    examples,
    values: values.slice(0, mostValues).map(([text, rows]) => ({ text, rows })),
    all_values: allValues && values.length <= mostValues,
    found: overlap ? { where: overlap.where, share: Math.round(overlap.share * 100) / 100 } : null,
  };
}
