/**
 * What a conversion would do, part by part: link what is known already, or make it. What is known is found by exact
 * e-mail, phone or domain, as the definition says; where several fit, or one that the caller may not see, nothing is
 * guessed.
 */
import type { ObjectModel, StageModel } from '../../core/catalog/catalog.ts';
import type { Conversion, ConversionPart } from '../../core/definitions/conversion.ts';
import type { Context } from '../../core/context/context.ts';
import { invalid, isProblem, issue, refusal, type Issue } from '../../core/errors/problem.ts';
import { accessOf, type Access } from '../access/access.ts';
import { get } from '../read/get.ts';
import { readableObject } from '../read/select.ts';
import { findKnown, type Candidate } from './find-known.ts';
import { takenOver } from './values.ts';

/** What a caller says of one part; `auto` is the default. */
export type Choice =
  'auto' | false | { id: string } | { create: Record<string, unknown> } | { set: Record<string, unknown> };

export type PlannedPart = {
  key: string;
  label: string;
  object: string;
  /** hidden: one is known that the caller may not see. */
  action: 'link' | 'create' | 'none' | 'choose' | 'hidden';
  /** Of a link: the record. */
  record: Candidate | null;
  /** Why so, in a sentence. */
  why: string;
  /** Of a choice: who fits. */
  candidates: readonly Candidate[];
  /** Before a new one is made: who is worth a look. */
  resembles: readonly Candidate[];
  /** Of a new record: what it begins with. */
  values: Readonly<Record<string, unknown>>;
};

export type Plan = {
  object: ObjectModel;
  conversion: Conversion;
  record: Record<string, unknown>;
  version: number;
  /** Where the record moves; undefined where it stands there already. */
  to: StageModel | undefined;
  parts: PlannedPart[];
};

/** Throws 404 for what may not be read, 409 for what is converted already, 422 for choices that do not hold together. */
export async function planConversion(
  context: Context,
  input: { object: string; id: string; choices: Readonly<Record<string, Choice>> },
): Promise<Plan> {
  const access = accessOf(context);
  const object = readableObject(context, access, input.object);
  const conversion = object.definition.converts_to;
  if (!conversion) {
    throw invalid([
      issue(
        '',
        'not_convertible',
        '{many} are not converted to anything.',
        'Say in converts_to what they become.',
        {
          many: object.label.many,
        },
      ),
    ]);
  }
  const record = await get(context, { object: object.key, id: input.id });
  refuseTwice(object, conversion, record);
  checkChoices(conversion, input.choices);
  const parts: PlannedPart[] = [];
  for (const part of conversion.parts)
    parts.push(
      await planPart(context, access, {
        source: object,
        part,
        record,
        choice: input.choices[part.key] ?? 'auto',
      }),
    );
  await bringAlong(context, conversion, parts, input.choices);
  return {
    object,
    conversion,
    record,
    version: Number(record['version']),
    to: targetStage(object, conversion, record),
    parts,
  };
}

function refuseTwice(object: ObjectModel, conversion: Conversion, record: Record<string, unknown>): void {
  const links = conversion.parts.map((part) => [part.key, record[part.link] ?? null] as const);
  const done = conversion.at
    ? (record[conversion.at] ?? null) !== null
    : links.some(([, link]) => link !== null);
  if (!done) return;
  const one = object.label.one.toLowerCase();
  throw refusal(
    409,
    'already_converted',
    [
      issue('', 'already_converted', 'This {one} has been converted already.', 'Open what it became.', {
        one,
      }),
    ],
    { extra: Object.fromEntries(links) },
  );
}

function checkChoices(conversion: Conversion, choices: Readonly<Record<string, Choice>>): void {
  const issues = Object.entries(choices).flatMap(([key, choice]): Issue[] => {
    const part = conversion.parts.find((one) => one.key === key);
    const known = conversion.parts.map((one) => one.key).join(', ');
    if (!part)
      return [issue(key, 'unknown_part', 'Nothing here is called “{key}”.', 'Use: {known}.', { key, known })];
    if (choice === false && !part.optional)
      return [
        issue(key, 'part_needed', '{label} cannot be left out.', 'Leave “{key}” away, or name a record.', {
          label: part.label,
          key,
        }),
      ];
    return [];
  });
  if (issues.length > 0) throw invalid(issues);
}

/** The first stage with the outcome, of the pipeline that the record is in. */
function targetStage(
  object: ObjectModel,
  conversion: Conversion,
  record: Record<string, unknown>,
): StageModel | undefined {
  const pipeline =
    object.pipelines.find((one) => one.key === record[object.pipelineField ?? '']) ?? object.pipelines[0];
  const standing = pipeline?.stage(String(record[object.stageField ?? '']));
  if (standing?.outcome === conversion.outcome) return undefined;
  return pipeline?.stages.find((stage) => stage.outcome === conversion.outcome);
}

async function planPart(
  context: Context,
  access: Access,
  {
    source,
    part,
    record,
    choice,
  }: { source: ObjectModel; part: ConversionPart; record: Record<string, unknown>; choice: Choice },
): Promise<PlannedPart> {
  const object = context.catalog.objects.get(part.object)!;
  const one = object.label.one.toLowerCase();
  const planned: PlannedPart = {
    key: part.key,
    label: part.label,
    object: part.object,
    action: 'none',
    record: null,
    why: 'It was left out.',
    candidates: [],
    resembles: [],
    values: {},
  };
  if (choice === false) return planned;
  if (typeof choice === 'object' && 'id' in choice)
    return {
      ...planned,
      action: 'link',
      record: await named(context, part, choice.id),
      why: 'You chose it.',
    };
  const said = typeof choice === 'string' ? undefined : 'create' in choice ? choice.create : choice.set;
  const values = { ...takenOver(context, access, part, record), ...said };
  const mayCreate = typeof choice === 'object' && 'create' in choice;
  const linked = record[part.link] as Candidate | null | undefined;
  if (linked && !mayCreate)
    return { ...planned, action: 'link', record: linked, why: 'It is named already.' };
  const known = mayCreate
    ? undefined
    : await findKnown(context, access, { object, sets: part.known_by ?? [], values });
  const labels = (known?.by ?? []).map((key) => object.fields.get(key)!.label.toLowerCase()).join(' and ');
  if (known && known.readable.length === 1 && !known.others)
    return { ...planned, action: 'link', record: known.readable[0]!, why: `It has the same ${labels}.` };
  if (known && known.readable.length > 0) {
    return {
      ...planned,
      action: 'choose',
      candidates: known.readable,
      why: `More than one ${one} has this ${labels}.`,
      values,
    };
  }
  if (known?.others)
    return {
      ...planned,
      action: 'hidden',
      why: `Another ${one} has this ${labels}, which you may not see.`,
      values,
    };
  if (part.needs !== undefined && !record[part.needs] && said === undefined) {
    const needs = source.fields.get(part.needs)?.label ?? part.needs;
    return { ...planned, why: `There is no ${needs.toLowerCase()} to make one of.` };
  }
  const alike = mayCreate
    ? []
    : (await findKnown(context, access, { object, sets: part.resembles ?? [], values })).readable;
  return {
    ...planned,
    action: 'create',
    why: mayCreate ? 'You asked for a new one.' : `No ${one} like it is known.`,
    resembles: alike,
    values,
  };
}

/** The chosen record's name; an issue where it may not be read. */
async function named(context: Context, part: ConversionPart, id: string): Promise<Candidate> {
  const object = context.catalog.objects.get(part.object)!;
  try {
    const found = await get(context, { object: part.object, id, fields: [...object.nameFields] });
    return {
      id: String(found['id']),
      name: object.nameFields
        .map((key) => found[key])
        .filter(Boolean)
        .join(' '),
    };
  } catch (error) {
    if (!isProblem(error) || error.body.status !== 404) throw error;
    throw invalid([
      issue(
        `${part.key}.id`,
        'link_not_found',
        '{label}: there is no such record, or you may not see it.',
        'Name another, or leave it out.',
        {
          label: part.label,
        },
      ),
    ]);
  }
}

/** A known record brings along what it links to: the company of a known person, unless the caller chose one. */
async function bringAlong(
  context: Context,
  conversion: Conversion,
  parts: PlannedPart[],
  choices: Readonly<Record<string, Choice>>,
): Promise<void> {
  for (const { key, object, links } of conversion.parts) {
    const known = parts.find((part) => part.key === key)!;
    if (known.action !== 'link' || !known.record) continue;
    for (const [field, to] of Object.entries(links ?? {})) {
      const target = parts.find((part) => part.key === to)!;
      if ((choices[to] ?? 'auto') !== 'auto' || accessOf(context).field(object, field) === 'hidden') continue;
      const linked = (await get(context, { object, id: known.record.id, fields: [field] }))[
        field
      ] as Candidate | null;
      if (!linked || target.record?.id === linked.id) continue;
      if (target.action === 'link') {
        target.candidates = [target.record!, { id: linked.id, name: linked.name }];
        target.action = 'choose';
        target.why = `${known.record.name} belongs to ${linked.name}, while ${target.record!.name} fits too.`;
        target.record = null;
      } else {
        target.action = 'link';
        target.record = { id: linked.id, name: linked.name };
        target.why = `${known.record.name} belongs to it.`;
        target.candidates = [];
        target.resembles = [];
        target.values = {};
      }
    }
  }
}

/** 409 with the candidates, where the plan cannot be carried out without a word from the caller. */
export function refuseOpenQuestions(plan: Plan): void {
  const open = plan.parts.filter((part) => part.action === 'choose' || part.action === 'hidden');
  if (open.length === 0) return;
  const code = open.some((part) => part.action === 'choose') ? 'choose' : 'known_elsewhere';
  throw refusal(
    409,
    code,
    open.map((part) =>
      part.action === 'choose'
        ? issue(
            part.key,
            'choose',
            '{label}: {why}',
            'Send {"{key}": {"id": "…"}} for one of the candidates, or {"{key}": {"create": {}}} for a new one.',
            part,
          )
        : issue(
            part.key,
            'known_elsewhere',
            '{label}: {why}',
            'Ask the CRM owner or an administrator to convert it, or send {"{key}": {"create": {}}} to make one beside it.',
            part,
          ),
    ),
    {
      extra: {
        candidates: Object.fromEntries(open.map((part) => [part.key, part.candidates])),
      },
    },
  );
}
