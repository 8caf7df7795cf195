/**
 * The shape of every checkpoint kind so far: it asks one condition of the record. From that condition come
 * its SQL, the fields it reads and the objects whose records are its evidence.
 */
import type { z } from 'zod';
import type { ReverseLink } from '../../core/catalog/catalog.ts';
import { conditionReads, type Reads } from '../../core/conditions/reads.ts';
import type { Issue } from '../../core/errors/problem.ts';
import {
  type CheckpointEnv,
  type CheckpointKind,
  defineCheckpointKind,
} from '../../core/kinds/checkpoint-kind.ts';
import { raw, sql } from '../../core/sql/sql.ts';

type Asked<S> = Pick<CheckpointKind<S>, 'key' | 'label' | 'meaning' | 'missing'> & {
  settings: z.ZodType<S>;
  /** The condition over the record; undefined where this catalog has nothing that could meet it. */
  asks(settings: S, env: CheckpointEnv): unknown;
  /** What is wrong with the settings, in their own words, before the condition is looked at. */
  refuses?(settings: S, env: CheckpointEnv): readonly Issue[];
  /** Settings key that the condition’s own findings belong to. */
  at: string;
};

/** Completes a kind; gives it back typed. */
export function askedCondition<S>({ asks, refuses, at, ...kind }: Asked<S>): CheckpointKind<S> {
  const reads = (settings: S, env: CheckpointEnv): Reads =>
    conditionReads(asks(settings, env) ?? {}, {
      catalog: env.catalog,
      object: env.object.key,
      place: 'checkpoint',
    });
  return defineCheckpointKind({
    ...kind,
    check(settings, env) {
      const refused = refuses?.(settings, env) ?? [];
      if (refused.length > 0) return refused;
      return env.check(asks(settings, env) ?? {}, env.object.key, at);
    },
    holds(settings, env) {
      const condition = asks(settings, env);
      // Nothing could meet it: the gate stays shut.
      if (condition === undefined) return raw('false');
      return sql`(${env.condition(condition, env.object.key, 't')}) IS TRUE`;
    },
    fields: (settings, env) => [...reads(settings, env).fields],
    evidence: (settings, env) => [...reads(settings, env).related],
  });
}

/** Names under which records of `object` point to the checked one. */
export const linksFrom = (object: string | undefined, env: CheckpointEnv): ReverseLink[] =>
  [...env.object.reverse.values()].filter((link) => link.object === object);

/** Some record of `object`, by whichever link, for which `where` holds; undefined where none can point here. */
export function someLinked(object: string | undefined, where: unknown, env: CheckpointEnv): unknown {
  const links = linksFrom(object, env);
  return links.length === 0 ? undefined : { any: links.map(({ name }) => ({ [name]: { some: where } })) };
}
