import { z } from 'zod';
import { ConditionShape, Key, Label, Meaning, Owner, Span } from './common.ts';

/** A checkpoint item; what stands beside these keys belongs to its kind and is checked there. */
export const CheckpointItem = z.looseObject({
  key: Key.meta({ description: 'Unique in its pipeline; names the gap when it is unmet' }),
  type: z.string().meta({ description: 'Key of a checkpoint kind' }),
  why: z.string().min(8).meta({ description: 'Why it is asked, in one sentence' }),
  owner: Owner.optional().meta({ description: 'Who decided it; default the pipeline’s owner' }),
  mode: z.enum(['enforce', 'advise']).optional(),
  enforce_from: z.iso.date().optional().meta({ description: 'With advise: the day it becomes enforce' }),
  article: z.string().optional(),
});
export type CheckpointItem = z.infer<typeof CheckpointItem>;

export const Stage = z.strictObject({
  key: Key,
  label: Label,
  outcome: z.enum(['open', 'won', 'lost', 'done', 'dropped']),
  goal: z.string().min(8),
  action: z.string().min(8).meta({ description: 'The expected action' }),
  guidance: z.string().optional(),
  probability: z.number().min(0).max(100).optional(),
  stale_after: Span.optional(),
  enter: z.array(CheckpointItem).optional().meta({ description: 'Must hold to be in this stage or beyond' }),
  leave: z
    .array(CheckpointItem)
    .optional()
    .meta({ description: 'Must hold to go on from this stage, anywhere but back' }),
});
export type Stage = z.infer<typeof Stage>;

export const Transition = z.strictObject({
  from: z.union([Key, z.literal('*')]),
  to: z.union([Key, z.literal('*')]),
  reason: z.boolean().optional().meta({ description: 'A reason must be given' }),
  who: z.array(Key).optional().meta({ description: 'Roles that may; default everyone who may edit' }),
});

/**
 * A pipeline. Without `transitions`: forward one open stage, from the last open stage to won or done,
 * back with a reason, lost or dropped from any open stage, reopened with a reason.
 */
export const PipelineDefinition = z.strictObject({
  object: Key,
  label: Label,
  owner: Owner,
  meaning: Meaning,
  entry: ConditionShape.optional().meta({ description: 'Which records may be in it' }),
  default: z.boolean().optional().meta({ description: 'Where a record goes that names no pipeline' }),
  dates: z
    .strictObject({ opened: Key.optional(), closed: Key.optional(), proposed: Key.optional() })
    .optional()
    .meta({ description: 'Date fields stamped on entering and on closing' }),
  stages: z.array(Stage).min(2),
  transitions: z.array(Transition).optional(),
  retired: z.boolean().optional(),
});
export type PipelineDefinition = z.infer<typeof PipelineDefinition>;
