/** The one condition of a read: role scope AND living or archived AND the caller's filter AND text search. */
import type { ObjectModel } from '../../core/catalog/catalog.ts';
import type { Context } from '../../core/context/context.ts';
import { conditionToSql } from '../../core/conditions/to-sql.ts';
import { fold } from '../../core/conditions/fold.ts';
import { invalid, issue } from '../../core/errors/problem.ts';
import { and, ident, raw, sql, type Sql } from '../../core/sql/sql.ts';
import { parseEnvOf, scopeValuesOf, type Access } from '../access/access.ts';

export type Filter = {
  where?: unknown;
  q?: string;
  archived?: 'include' | 'only';
};

const mostWords = 8;

/** LIKE patterns of a text search: each word must occur somewhere in the record's search text. */
function searchPatterns(q: string): string[] {
  const words = fold(q).split(' ').filter(Boolean);
  if (words.length > mostWords) {
    throw invalid([
      issue(
        'q',
        'too_many_words',
        'A search takes at most {most} words.',
        'Search for fewer words, or filter by field.',
        { most: mostWords },
      ),
    ]);
  }
  return words.map((word) => `%${word.replace(/[\\%_]/g, '\\$&')}%`);
}

export function readCondition(
  context: Context,
  access: Access,
  object: ObjectModel,
  alias: string,
  filter: Filter,
): Sql {
  const parts: Sql[] = [];
  const archivedAt = ident(alias, 'archived_at');
  if (filter.archived === 'only') parts.push(sql`${archivedAt} IS NOT NULL`);
  else if (filter.archived !== 'include') parts.push(sql`${archivedAt} IS NULL`);
  if (!access.all('read', object.key)) parts.push(access.scope('read', object.key, alias));
  if (filter.where !== undefined) {
    parts.push(
      conditionToSql(filter.where, {
        catalog: context.catalog,
        object: object.key,
        alias,
        place: 'list',
        scope: scopeValuesOf(context),
        parse: parseEnvOf(context),
        may: access.visibility,
      }),
    );
  }
  for (const pattern of filter.q ? searchPatterns(filter.q) : []) {
    parts.push(sql`${ident(alias, 'search__')} LIKE ${pattern}`);
  }
  return parts.length === 0 ? raw('true') : and(parts);
}
