import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

test('without any setting it is a server for this machine alone', () => {
  expect(readConfig({})).toMatchObject({
    port: 3000,
    host: '127.0.0.1',
    dataDir: './data',
    trustProxy: false,
    logLevel: 'info',
  });
  expect(readConfig({ PORT: '', DATABASE_URL: '' })).toMatchObject({ port: 3000, databaseUrl: undefined });
});

test.for([
  ['true', true],
  ['off', false],
  ['2', 2],
  ['10.0.0.0/8, 127.0.0.1', ['10.0.0.0/8', '127.0.0.1']],
] as const)('TRUST_PROXY %s', ([text, meant]) => {
  expect(readConfig({ TRUST_PROXY: text }).trustProxy).toEqual(meant);
});

test('a standby may be ten seconds behind unless told otherwise', () => {
  const urls = { DATABASE_URL: 'postgres://a/b', DATABASE_READ_URL: 'postgres://c/b' };
  expect(readConfig(urls).reads).toEqual({ url: 'postgres://c/b', mostLagSeconds: 10 });
  expect(readConfig({ ...urls, DATABASE_READ_MAX_LAG: '2.5' }).reads?.mostLagSeconds).toBe(2.5);
});

test('a public address loses its last slash', () => {
  expect(readConfig({ PUBLIC_URL: 'https://crm.example.com/' }).publicUrl).toBe('https://crm.example.com');
});

test.for([
  ['PORT', '70000'],
  ['PORT', 'x'],
  ['FILE_MAX_BYTES', '50 MB'],
  ['IMPORT_MAX_BYTES', '12'],
  ['PUBLIC_URL', 'crm.example.com'],
  ['DATABASE_URL', 'mysql://x'],
  ['DATABASE_READ_URL', 'mysql://x'],
  ['DATABASE_READ_URL', 'postgres://a/b'],
  ['DATABASE_READ_MAX_LAG', '0'],
  ['LOG_LEVEL', 'loud'],
  ['METRICS_TOKEN', 'short'],
  ['FILES_URL', 'https://bucket'],
  ['S3_ENDPOINT', 's3.example.com'],
  ['S3_PATH_STYLE', 'maybe'],
  ['S3_ACCESS_KEY_ID', 'alone'],
  ['STOP_SECONDS', 'long'],
  ['STOP_NOTICE', '-1'],
] as const)('%s=%s is refused by name', ([name, value]) => {
  expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`${name}: `));
});
