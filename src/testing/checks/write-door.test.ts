import { expect, test } from 'vitest';
import { parseSource } from './syntax.ts';
import { sqlOutsideItsDoor } from './write-door.ts';

const check = (path: string, text: string) =>
  sqlOutsideItsDoor(parseSource(path, text)).map(({ say }) => say);

test('a change of a record table outside the write path is named', () => {
  const statements = [
    'sql`UPDATE ${table} SET name = ${name}`',
    'sql`INSERT INTO crm.deals (id) VALUES (${id})`',
    "'DELETE FROM crm.deals'",
    'sql`TRUNCATE ${table}`',
    'sql`COPY ${table} (id) FROM STDIN`',
  ];
  for (const statement of statements) {
    expect(check('src/engine/read/a.ts', `const s = ${statement};`), statement).toHaveLength(1);
    expect(check('src/engine/write/a.ts', `const s = ${statement};`), statement).toEqual([]);
  }
});

test('reading, locking and our own tables are fine', () => {
  const statements = [
    'sql`SELECT * FROM ${table} FOR UPDATE`',
    'sql`SELECT id FROM ${table} FOR NO KEY UPDATE SKIP LOCKED`',
    'sql`INSERT INTO platform.events (id) VALUES (${id}) ON CONFLICT (id) DO UPDATE SET n = 1`',
    "'UPDATE platform.batches SET state = $1'",
    "'Update the record, then set it again.'",
  ];
  for (const statement of statements) {
    expect(check('src/engine/events/a.ts', `const s = ${statement};`), statement).toEqual([]);
  }
});

test('operations and doors speak no SQL', () => {
  expect(check('src/operations/a.ts', "await pool.query('SELECT id FROM crm.deals');")).toHaveLength(1);
  expect(check('src/cli/a.ts', 'await context.pool.query(text);')).toHaveLength(1);
  expect(check('src/http/a.ts', "await pool.query('SELECT 1');")).toEqual([]);
  expect(check('src/http/a.ts', 'const s = `INSERT INTO platform.batches DEFAULT VALUES`;')).toHaveLength(1);
  expect(check('src/http/a.ts', 'const where = url.query(1);')).toEqual([]);
});

test('tests may look at the tables themselves', () => {
  expect(check('src/operations/a.test.ts', "await pool.query('UPDATE crm.deals SET stage = 1');")).toEqual(
    [],
  );
});
