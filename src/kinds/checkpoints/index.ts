/** The kinds of checkpoint item: the one list of them. */
import type { CheckpointKind } from '../../core/kinds/checkpoint-kind.ts';
import { activity } from './activity.ts';
import { condition } from './condition.ts';
import { fields } from './fields.ts';
import { file } from './file.ts';
import { nextStep } from './next-step.ts';
import { related } from './related.ts';

const all: readonly CheckpointKind[] = [fields, condition, activity, file, nextStep, related];

export const checkpointKinds: Readonly<Record<string, CheckpointKind>> = Object.fromEntries(
  all.map((kind) => [kind.key, kind]),
);
