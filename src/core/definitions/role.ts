import { z } from 'zod';
import { ConditionShape, Key, Label, Meaning, Owner } from './common.ts';

export const scopeWords = ['none', 'own', 'team', 'all', 'linked'] as const;
export type ScopeWord = (typeof scopeWords)[number];

const OneScope = z.union([z.enum(scopeWords), ConditionShape]);
/** none, own, team, all, linked, a condition, or a list of which any one suffices. */
export const Scope = z.union([OneScope, z.array(OneScope).min(1)]);
export type Scope = z.infer<typeof Scope>;

export const verbs = [
  'create',
  'read',
  'edit',
  'archive',
  'export',
  'merge',
  'mass_edit',
  'assign',
  'import',
  'override',
] as const;
export type Verb = (typeof verbs)[number];

export const Grant = z.strictObject({
  ...(Object.fromEntries(verbs.map((verb) => [verb, Scope.optional()])) as Record<
    Verb,
    z.ZodOptional<typeof Scope>
  >),
  fields: z
    .record(Key, z.enum(['hidden', 'read', 'edit']))
    .optional()
    .meta({ description: 'Rights that differ from the record’s, field by field' }),
});
export type Grant = z.infer<typeof Grant>;

/** Rights that are not about one object. */
export const permissions = [
  'definitions.read',
  'definitions.apply',
  'users.manage',
  'keys.manage',
  'imports.run',
  'imports.history',
  'backups.read',
  'batches.undo_any',
  'exports.read',
  'money.revalue',
] as const;
export type Permission = (typeof permissions)[number];

/** A role. What is not granted is refused; `*` stands for every object that is not named. */
export const RoleDefinition = z.strictObject({
  label: Label,
  owner: Owner,
  meaning: Meaning,
  grants: z.record(z.union([Key, z.literal('*')]), Grant),
  permissions: z.array(z.enum(permissions)).optional(),
  export_reason: z
    .enum(['required', 'optional'])
    .optional()
    .meta({ description: 'Whether an export must say what it is for; default optional' }),
  retired: z.boolean().optional(),
});
export type RoleDefinition = z.infer<typeof RoleDefinition>;
