/** The sorts of definition: folder name in a pack or export, and its schema. The one list of them. */
import { ListDefinition } from './list.ts';
import { MatchRuleDefinition } from './match-rule.ts';
import { ObjectDefinition } from './object.ts';
import { PipelineDefinition } from './pipeline.ts';
import { RoleDefinition } from './role.ts';

export const sorts = {
  objects: ObjectDefinition,
  lists: ListDefinition,
  pipelines: PipelineDefinition,
  roles: RoleDefinition,
  match_rules: MatchRuleDefinition,
} as const;
export type Sort = keyof typeof sorts;
export const sortKeys = Object.keys(sorts) as Sort[];

export type Definitions = {
  objects: Record<string, ObjectDefinition>;
  lists: Record<string, ListDefinition>;
  pipelines: Record<string, PipelineDefinition>;
  roles: Record<string, RoleDefinition>;
  match_rules: Record<string, MatchRuleDefinition>;
};

export const noDefinitions = (): Definitions => ({
  objects: {},
  lists: {},
  pipelines: {},
  roles: {},
  match_rules: {},
});
