/** Fields every record has without being asked for. The engine alone writes them. */
import type { FieldShape } from '../definitions/object.ts';

const field = (
  type: string,
  label: string,
  meaning: string,
  rest: Record<string, unknown> = {},
): FieldShape => ({
  type,
  label,
  owner: 'administrator',
  meaning,
  ...rest,
});

export const systemFields: Readonly<Record<string, FieldShape>> = {
  id: field('id', 'Id', 'The record’s identity, made by the app (UUIDv7), never reused.'),
  version: field('number', 'Version', 'Rises by one with each change of the record.', { decimals: 0 }),
  created_at: field('datetime', 'Created', 'When the record was written into this CRM.'),
  updated_at: field('datetime', 'Changed', 'When the record was last changed.'),
  created_by: field('person', 'Created by', 'Who wrote the record, where a person did.'),
  archived_at: field('datetime', 'Archived', 'When the record was archived; empty while it lives.'),
};

/** Further system fields of an object that has a stage. */
export const stagedSystemFields: Readonly<Record<string, FieldShape>> = {
  stage_entered_at: field('datetime', 'In stage since', 'When the record entered its present stage.'),
  last_open_stage: field('text', 'Furthest open stage', 'The open stage it is in, or was in when it closed.'),
  gaps: field('gap_set', 'Gaps', 'Checkpoint items that its stage asks for and that are missing.'),
};

/** Columns beside the fields: what was typed where normalising lost something, and the folded search text. */
export const companionColumns = [
  { name: 'typed', type: 'jsonb' },
  { name: 'search__', type: 'text', collateC: true },
] as const;
