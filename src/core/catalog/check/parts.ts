/** Lines, exchange rates and conversions: what they name must be there and able to play its part. */
import { issue, type Issue } from '../../errors/problem.ts';
import type { Catalog, FieldModel, ObjectModel } from '../catalog.ts';
import { dangling, fieldAt, isIssue, isText } from './finding.ts';

export const checkParts = (catalog: Catalog): Issue[] =>
  [...catalog.objects.values()].flatMap((object) => [
    ...lineIssues(object, catalog),
    ...rateIssues(object),
    ...conversionIssues(object, catalog),
  ]);

/** The finding that a field is not there or not fit, or none. */
function needs(
  object: ObjectModel,
  key: string,
  path: string,
  holds: (field: FieldModel) => boolean,
  what: string,
): Issue[] {
  const found = fieldAt(object, key, path);
  if (isIssue(found)) return [found];
  if (holds(found)) return [];
  return [
    issue(path, 'wrong_field', '“{label}” cannot be used here: {what}.', 'Name another field.', {
      label: found.label,
      what,
    }),
  ];
}

const isLink = (field: FieldModel): boolean => field.type.linkTo !== undefined && !field.system;
const isMoney = (field: FieldModel): boolean => field.type.worth !== undefined;
const isWrittenMoney = (field: FieldModel): boolean => isMoney(field) && !field.maintained;
const isNumber = (field: FieldModel): boolean =>
  field.type.traits(field).includes('numeric') && !isMoney(field) && field.type.columns(field).length > 0;

function lineIssues(object: ObjectModel, catalog: Catalog): Issue[] {
  const { lines } = object.definition;
  if (!lines) return [];
  const path = `objects.${object.key}.lines`;
  const issues = needs(object, lines.of, `${path}.of`, isLink, 'lines are of a linked record');
  issues.push(...needs(object, lines.total, `${path}.total`, isMoney, 'what is summed is money'));
  const of = object.fields.get(lines.of);
  const parent = of && catalog.objects.get(of.type.linkTo?.(of) ?? '');
  if (parent) {
    const fits = (field: FieldModel) => isWrittenMoney(field);
    issues.push(...needs(parent, lines.into, `${path}.into`, fits, 'a sum of lines is money'));
    const twice = [...catalog.objects.values()].find((other) => {
      const link = other.fields.get(other.definition.lines?.of ?? '');
      return (
        other.key < object.key &&
        other.definition.lines?.into === lines.into &&
        link?.type.linkTo?.(link) === parent.key
      );
    });
    if (twice) {
      issues.push(
        issue(
          `${path}.into`,
          'sum_twice',
          '“{into}” is the sum of {other} already.',
          'Sum into another field.',
          {
            into: lines.into,
            other: twice.label.many.toLowerCase(),
          },
        ),
      );
    }
  }
  if (lines.position !== undefined)
    issues.push(...needs(object, lines.position, `${path}.position`, isNumber, 'a position is a number'));
  if ((lines.price === undefined) !== (lines.price_from === undefined)) {
    issues.push(
      issue(
        `${path}.price_from`,
        'price_half_said',
        'price and price_from belong together.',
        'Say both, or neither.',
      ),
    );
  }
  if (lines.price !== undefined)
    issues.push(...needs(object, lines.price, `${path}.price`, isWrittenMoney, 'a price is money'));
  if (lines.price_from !== undefined) {
    const [link = '', from = ''] = lines.price_from.split('.');
    issues.push(...needs(object, link, `${path}.price_from`, isLink, 'a price comes from a linked record'));
    const field = object.fields.get(link);
    const target = field && catalog.objects.get(field.type.linkTo?.(field) ?? '');
    if (target) issues.push(...needs(target, from, `${path}.price_from`, isMoney, 'a price is money'));
  }
  return issues;
}

/** Money is converted by these fields of the object that serves. */
function rateIssues(object: ObjectModel): Issue[] {
  if (object.definition.serves !== 'exchange_rate') return [];
  const path = `objects.${object.key}.fields`;
  const isDate = (field: FieldModel) =>
    field.type.operandType(field) === 'date' && field.type.columns(field).length > 0;
  return [
    ...needs(object, 'currency', path, isText, 'a rate is of a currency'),
    ...needs(object, 'valid_from', path, isDate, 'a rate holds from a day on'),
    ...needs(object, 'rate', path, isNumber, 'a rate is a number'),
  ];
}

/** What a conversion takes and answers beside its parts. */
const conversionWords = new Set([
  'object',
  'id',
  'set',
  'activity',
  'task',
  'files',
  'reason',
  'duplicates',
  'version',
  'batch',
  'record',
]);

function conversionIssues(object: ObjectModel, catalog: Catalog): Issue[] {
  const conversion = object.definition.converts_to;
  if (!conversion) return [];
  const path = `objects.${object.key}.converts_to`;
  const issues: Issue[] = [];
  const own = (key: string, at: string): void => void issues.push(...needs(object, key, at, () => true, ''));
  for (const pipeline of object.pipelines) {
    if (pipeline.stages.some((stage) => stage.outcome === conversion.outcome)) continue;
    issues.push(
      issue(
        `${path}.outcome`,
        'no_such_outcome',
        '“{pipeline}” has no stage with the outcome {outcome}.',
        'Add one, or name another outcome.',
        {
          pipeline: pipeline.definition.label,
          outcome: conversion.outcome,
        },
      ),
    );
  }
  if (object.pipelines.length === 0) {
    issues.push(
      issue(`${path}.outcome`, 'no_stages', '{many} have no stages.', 'Give them a pipeline.', {
        many: object.label.many,
      }),
    );
  }
  if (conversion.at !== undefined) {
    const isMoment = (field: FieldModel) =>
      field.type.operandType(field) === 'timestamptz' && !field.maintained;
    issues.push(...needs(object, conversion.at, `${path}.at`, isMoment, 'it keeps a moment'));
  }
  const keys = new Map<string, string>();
  conversion.parts.forEach((part, index) => {
    const at = `${path}.parts.${index}`;
    const target = catalog.objects.get(part.object);
    if (conversionWords.has(part.key)) {
      issues.push(
        issue(
          `${at}.key`,
          'reserved_word',
          '“{key}” is a word of the conversion itself.',
          'Choose another key.',
          {
            key: part.key,
          },
        ),
      );
    }
    if (keys.has(part.key))
      issues.push(
        issue(`${at}.key`, 'twice', '“{key}” stands here twice.', 'Give one of them another key.', {
          key: part.key,
        }),
      );
    if (!target) {
      issues.push(
        dangling(
          `${at}.object`,
          'object',
          part.object,
          catalog.objects.keys(),
          'Name an object that exists.',
        ),
      );
      return;
    }
    const pointsTo = (key: string) => (field: FieldModel) => field.type.linkTo?.(field) === key;
    issues.push(
      ...needs(object, part.link, `${at}.link`, pointsTo(part.object), `it does not link to ${part.object}`),
    );
    if (part.needs !== undefined) own(part.needs, `${at}.needs`);
    for (const [key, source] of Object.entries(part.set)) {
      issues.push(
        ...needs(target, key, `${at}.set.${key}`, (field) => !field.maintained, 'it is kept by the CRM'),
      );
      const reads =
        typeof source === 'string'
          ? [source]
          : Object.entries(source).flatMap(([name, of]) => (name === 'except' ? [] : of));
      for (const name of reads) own(name, `${at}.set.${key}`);
      if (typeof source === 'object' && 'except' in source && !catalog.lists.has(source.except))
        issues.push(
          dangling(
            `${at}.set.${key}.except`,
            'list',
            source.except,
            catalog.lists.keys(),
            'Name a reference list.',
          ),
        );
    }
    for (const [key, to] of Object.entries(part.links ?? {})) {
      const linked = keys.get(to);
      if (linked === undefined)
        issues.push(
          dangling(`${at}.links.${key}`, 'part', to, keys.keys(), 'Name a part that stands before this one.'),
        );
      else
        issues.push(
          ...needs(target, key, `${at}.links.${key}`, pointsTo(linked), `it does not link to ${linked}`),
        );
    }
    [...(part.known_by ?? []), ...(part.resembles ?? [])].forEach((set, n) =>
      set.forEach((key) => {
        const given = (field: FieldModel) =>
          key in part.set &&
          field.type.traits(field).includes('equatable') &&
          field.type.columns(field).length > 0;
        issues.push(
          ...needs(target, key, `${at}.known_by.${n}`, given, 'it is not set here, or cannot be compared'),
        );
      }),
    );
    keys.set(part.key, part.object);
  });
  conversion.carries?.forEach((key, index) => {
    const carried = catalog.objects.get(key);
    const linked =
      carried &&
      [...carried.fields.values()].some((field) => isLink(field) && field.type.linkTo!(field) === object.key);
    if (linked) return;
    issues.push(
      issue(
        `${path}.carries.${index}`,
        'not_linked',
        '“{key}” has no link to {many}.',
        'Name an object whose records link here.',
        {
          key,
          many: object.label.many.toLowerCase(),
        },
      ),
    );
  });
  return issues;
}
