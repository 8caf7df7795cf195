/**
 * The catalog: all definitions resolved into what code asks for, built once per epoch and never changed.
 * Server, web, CLI, docs and tests read this and nothing else.
 */
import type { CheckpointItem, PipelineDefinition, Stage } from '../definitions/pipeline.ts';
import type { Definitions } from '../definitions/index.ts';
import type { FieldShape, ObjectDefinition, ServingPart } from '../definitions/object.ts';
import type { ListDefinition } from '../definitions/list.ts';
import type { MatchRuleDefinition } from '../definitions/match-rule.ts';
import type { RoleDefinition } from '../definitions/role.ts';
import type { CheckpointKind } from '../kinds/checkpoint-kind.ts';
import type { FieldType, Rollup } from '../kinds/field-type.ts';
import type { Operator } from '../kinds/operator.ts';

export type Kinds = {
  fields: Readonly<Record<string, FieldType>>;
  operators: Readonly<Record<string, Operator>>;
  checkpoints: Readonly<Record<string, CheckpointKind>>;
};

export type FieldModel<S = any> = {
  key: string;
  /** Key of the object it belongs to. */
  object: string;
  label: string;
  type: FieldType;
  /** The type's own settings, parsed. */
  settings: S;
  definition: FieldShape;
  /** Part of every record (id, version, created_at …): not in the YAML, never written by callers. */
  system: boolean;
  required: boolean;
  unique: boolean;
  indexed: boolean;
  /** Not writable by callers: system fields, rollups, computed. */
  maintained: boolean;
};

export type ReverseLink = {
  /** The name in conditions: the linking object's plural, or `<plural>_by_<field>` where it links twice. */
  name: string;
  object: string;
  field: string;
};

export type ObjectModel = {
  key: string;
  definition: ObjectDefinition;
  label: { one: string; many: string };
  /** Living fields by key, system fields first, in the order of the YAML. */
  fields: ReadonlyMap<string, FieldModel>;
  /** Retired fields: their columns still stand. */
  retired: ReadonlyMap<string, FieldModel>;
  nameFields: readonly string[];
  searchFields: readonly string[];
  ownerField: string | undefined;
  /** The field for the id that a record had in the system it came from. */
  oldIdField: string | undefined;
  reverse: ReadonlyMap<string, ReverseLink>;
  /** Pipelines of this object, the default first; empty when it has none. */
  pipelines: readonly PipelineModel[];
  /** Fields of the staged kind, when the object has a pipeline. */
  stageField: string | undefined;
  pipelineField: string | undefined;
};

export type StageModel = Stage & {
  index: number;
  open: boolean;
};

export type ItemModel = {
  /** `<stage>.<item key>`: the name of a gap. */
  id: string;
  stage: string;
  moment: 'enter' | 'leave';
  kind: CheckpointKind;
  settings: any;
  definition: CheckpointItem;
  owner: string;
};

export type PipelineModel = {
  key: string;
  object: string;
  definition: PipelineDefinition;
  stages: readonly StageModel[];
  stage(key: string): StageModel | undefined;
  /** All items, in the order of the stages. */
  items: readonly ItemModel[];
};

export type RollupModel = {
  parent: string;
  field: FieldModel;
  rollup: Rollup;
};

export type LinesModel = {
  /** Key of the object whose records are the lines. */
  object: string;
  /** Link to the record that they are lines of. */
  of: FieldModel;
  /** Key of that record's object. */
  parent: string;
  /** Its money field, the sum of the lines whenever there are any. */
  into: FieldModel;
  total: FieldModel;
  /** The price of a line, and where it comes from when it is left out. */
  price?: { field: FieldModel; link: FieldModel; from: FieldModel };
};

export type Catalog = {
  /** The version it was built from; statement names carry it. */
  epoch: number;
  kinds: Kinds;
  definitions: Definitions;
  objects: ReadonlyMap<string, ObjectModel>;
  lists: ReadonlyMap<string, ListDefinition>;
  pipelines: ReadonlyMap<string, PipelineModel>;
  roles: ReadonlyMap<string, RoleDefinition>;
  matchRules: ReadonlyMap<string, MatchRuleDefinition>;
  /** Object that serves as activity, task, document, user, team, exchange rate. */
  serving: Readonly<Partial<Record<ServingPart, string>>>;
  /** Objects whose records are lines of others, by their key. */
  lines: ReadonlyMap<string, LinesModel>;
  /** Rollups by child object. */
  rollupsFrom: ReadonlyMap<string, readonly RollupModel[]>;
};
