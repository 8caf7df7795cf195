/** The catalog as the caller may see it: what the web draws itself from. */
import { z } from 'zod';
import type { Catalog, FieldModel, ObjectModel, PipelineModel } from '../core/catalog/catalog.ts';
import type { PublicCatalog, PublicField, PublicObject } from '../core/catalog/public-catalog.ts';
import { checkpointEnv } from '../core/conditions/checkpoint-env.ts';
import type { Context } from '../core/context/context.ts';
import { permissions, verbs } from '../core/definitions/role.ts';
import { accessOf, parseEnvOf, scopeValuesOf, type Access } from '../engine/access/access.ts';
import { defineOperation } from './operation.ts';

function publicField(catalog: Catalog, access: Access, field: FieldModel): PublicField {
  const { definition, type } = field;
  const traits = type.traits(field);
  const link = type.linkTo?.(field);
  const list = type.listOf?.(field);
  const { required_by, section } = definition;
  return {
    key: field.key,
    label: field.label,
    meaning: definition.meaning,
    owner: definition.owner,
    type: type.key,
    settings: field.settings as Record<string, unknown>,
    traits,
    operators: Object.values(catalog.kinds.operators)
      .filter((operator) => operator.needs.every((trait) => traits.includes(trait)))
      .map((operator) => operator.key),
    required: field.required,
    ...(required_by ? { required_by } : {}),
    unique: field.unique,
    sensitivity: definition.sensitivity ?? 'none',
    ...(section ? { section } : {}),
    system: field.system,
    may: access.field(field.object, field.key) === 'edit' ? 'edit' : 'read',
    sortable: traits.includes('ordered') || traits.includes('equatable'),
    ...(link ? { link_to: link } : {}),
    ...(list ? { list } : {}),
    ...(type.role ? { role: type.role } : {}),
  };
}

function publicObject(catalog: Catalog, access: Access, object: ObjectModel): PublicObject {
  const { definition } = object;
  const conversion = publicConversion(access, object);
  return {
    key: object.key,
    label: object.label,
    meaning: definition.meaning,
    owner: definition.owner,
    side: definition.side,
    ...(definition.icon ? { icon: definition.icon } : {}),
    name_fields: object.nameFields,
    search_fields: object.searchFields,
    ...(object.ownerField ? { owner_field: object.ownerField } : {}),
    ...(object.stageField ? { stage_field: object.stageField } : {}),
    ...(object.pipelineField ? { pipeline_field: object.pipelineField } : {}),
    ...(definition.serves ? { serves: definition.serves } : {}),
    ...(definition.lines ? { lines: definition.lines } : {}),
    ...(conversion ? { converts_to: conversion } : {}),
    fields: [...object.fields.values()]
      .filter((field) => access.field(object.key, field.key) !== 'hidden')
      .map((field) => publicField(catalog, access, field)),
    reverse: [...object.reverse.values()].filter(
      (link) => access.may('read', link.object) && access.field(link.object, link.field) !== 'hidden',
    ),
    may: Object.fromEntries(verbs.map((verb) => [verb, access.may(verb, object.key)])),
  };
}

/** For those alone who may read all that it becomes. */
function publicConversion(access: Access, { definition }: ObjectModel): PublicObject['converts_to'] {
  const conversion = definition.converts_to;
  if (!conversion?.parts.every((part) => access.may('read', part.object))) return undefined;
  return {
    ...(conversion.at ? { at: conversion.at } : {}),
    parts: conversion.parts.map(({ key, label, object, link }) => ({ key, label, object, link })),
  };
}

function publicPipeline(
  context: Context,
  access: Access,
  pipeline: PipelineModel,
): PublicCatalog['pipelines'][number] {
  const object = context.catalog.objects.get(pipeline.object)!;
  const env = checkpointEnv(context.catalog, object, scopeValuesOf(context), parseEnvOf(context));
  return {
    key: pipeline.key,
    object: pipeline.object,
    label: pipeline.definition.label,
    meaning: pipeline.definition.meaning,
    owner: pipeline.definition.owner,
    stages: pipeline.stages.map((stage) => ({
      key: stage.key,
      label: stage.label,
      outcome: stage.outcome,
      goal: stage.goal,
      action: stage.action,
      guidance: stage.guidance,
      probability: stage.probability,
      stale_after: stage.stale_after,
      items: pipeline.items
        .filter((item) => item.stage === stage.key)
        .flatMap((item) => {
          const fields = item.kind.fields(item.settings, env);
          if (fields.some((key) => access.field(object.key, key) === 'hidden')) return [];
          const { say } = item.kind.missing(item.settings, env);
          return [
            { id: item.id, moment: item.moment, say, why: item.definition.why, owner: item.owner, fields },
          ];
        }),
    })),
  };
}

export function publicCatalog(context: Context): PublicCatalog {
  const { catalog, workspace, principal } = context;
  const access = accessOf(context);
  const objects = [...catalog.objects.values()].filter((object) => access.may('read', object.key));
  const readable = new Set(objects.map((object) => object.key));
  return {
    epoch: catalog.epoch,
    workspace: {
      name: workspace.name,
      time_zone: workspace.timeZone,
      currency: workspace.currency,
      country: workspace.country,
    },
    me: {
      id: principal.id,
      kind: principal.kind,
      name: principal.name,
      user: principal.user,
      roles: principal.roles,
      permissions: permissions.filter((permission) => context.may(permission)),
    },
    objects: objects.map((object) => publicObject(catalog, access, object)),
    lists: [...catalog.lists].map(([key, list]) => ({
      key,
      label: list.label,
      meaning: list.meaning,
      values: list.values.map((value) => ({
        key: value.key,
        label: value.label,
        active: value.active ?? true,
      })),
    })),
    pipelines: [...catalog.pipelines.values()]
      .filter((pipeline) => readable.has(pipeline.object))
      .map((pipeline) => publicPipeline(context, access, pipeline)),
    operators: Object.values(catalog.kinds.operators).map(({ key, argument, words }) => ({
      key,
      argument,
      ...(words ? { words } : {}),
    })),
  };
}

export const catalogOperations = [
  defineOperation({
    name: 'catalog.get',
    summary: 'The catalog as you may see it',
    description: 'Objects, fields, lists, pipelines with their checkpoints in words, and operators.',
    input: z.strictObject({}),
    http: { method: 'GET', path: '/api/v1/catalog' },
    run: async (context) => publicCatalog(context),
  }),
];
