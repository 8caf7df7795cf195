/** The catalog as one caller may see it: the JSON of `GET /api/v1/catalog`, and all that the web knows. */
import type { Verb } from '../definitions/role.ts';
import type { Trait } from '../kinds/field-type.ts';
import type { ArgumentShape } from '../kinds/operator.ts';

export type PublicField = {
  key: string;
  label: string;
  meaning: string;
  owner: string;
  type: string;
  settings: Record<string, unknown>;
  traits: readonly Trait[];
  /** Operators that the field takes in a condition. */
  operators: readonly string[];
  required: boolean;
  required_by?: string;
  unique: boolean;
  sensitivity: 'none' | 'personal' | 'financial';
  section?: string;
  system: boolean;
  /** What the caller may do with it; a hidden field is not listed at all. */
  may: 'read' | 'edit';
  /** Whether it can be sorted by. */
  sortable: boolean;
  /** Object that it links to. */
  link_to?: string;
  /** Reference list of its values. */
  list?: string;
  /** Its part in the object's life: its stage, or the pipeline that the stage is of. */
  role?: 'stage' | 'pipeline';
};

export type PublicObject = {
  key: string;
  label: { one: string; many: string };
  meaning: string;
  owner: string;
  side: 'sales' | 'service' | 'marketing' | 'program' | 'setup';
  icon?: string;
  name_fields: readonly string[];
  search_fields: readonly string[];
  owner_field?: string;
  stage_field?: string;
  pipeline_field?: string;
  serves?: string;
  /** Its records are lines of others, whose amount is their sum. */
  lines?: { of: string; into: string; total: string; price?: string; price_from?: string; position?: string };
  /** What its records can be converted to, by part. */
  converts_to?: {
    at?: string;
    parts: readonly { key: string; label: string; object: string; link: string }[];
  };
  fields: readonly PublicField[];
  /** Names of reverse links for conditions. */
  reverse: readonly { name: string; object: string; field: string }[];
  may: Partial<Record<Verb, boolean>>;
};

export type PublicItem = {
  id: string;
  moment: 'enter' | 'leave';
  say: string;
  why: string;
  owner: string;
  fields: readonly string[];
};

export type PublicStage = {
  key: string;
  label: string;
  outcome: 'open' | 'won' | 'lost' | 'done' | 'dropped';
  goal: string;
  action: string;
  guidance?: string;
  probability?: number;
  stale_after?: string;
  items: readonly PublicItem[];
};

export type PublicCatalog = {
  epoch: number;
  workspace: { name: string; time_zone: string; currency: string; country: string };
  me: {
    id: string;
    kind: string;
    name: string;
    user: string | null;
    roles: readonly string[];
    permissions: readonly string[];
  };
  objects: readonly PublicObject[];
  lists: readonly {
    key: string;
    label: string;
    meaning: string;
    values: readonly { key: string; label: string; active: boolean }[];
  }[];
  pipelines: readonly {
    key: string;
    object: string;
    label: string;
    meaning: string;
    owner: string;
    stages: readonly PublicStage[];
  }[];
  operators: readonly { key: string; argument: ArgumentShape; words?: readonly string[] }[];
};
