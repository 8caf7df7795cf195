import pg from 'pg';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

function lines(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = '';
  write(createLog({ level: 'info', to: { write: (line) => void (text += line) } }));
  return text;
}

test('a line is JSON with time and level, and nothing about the machine', () => {
  const line = JSON.parse(lines((log) => log.info({ record: 'id-1' }, 'written')));
  expect(line).toEqual({
    level: 'info',
    time: expect.stringMatching(/^\d{4}-.*Z$/),
    record: 'id-1',
    msg: 'written',
  });
});

test('an error of the database is written without the values that it quotes', () => {
  const error = new pg.DatabaseError('invalid input syntax for type uuid: "ada@example.com"', 1, 'error');
  error.severity = 'ERROR';
  error.code = '22P02';
  error.detail = 'Key (email)=(ada@example.com) already exists.';
  error.where = 'unnamed portal parameter $1 = ada@example.com';
  const text = lines((log) => log.error({ err: error }, 'failed'));
  expect(text).not.toContain('ada@example.com');
  expect(JSON.parse(text).err).toMatchObject({
    code: '22P02',
    message: 'invalid input syntax for type uuid: …',
  });
});
