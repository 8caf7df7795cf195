import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Principal } from '../../core/context/context.ts';
import { testDatabase, type TestDatabase } from '../../testing/database.ts';
import { startS3, type S3Server } from '../../testing/s3-server.ts';
import { openFileStore, type LocalFileStore } from './file-store.ts';
import { moveFiles } from './move-files.ts';
import type { S3Settings } from './s3-store.ts';
import { storeFile } from './stored-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'groundwork-files-'));
const by: Principal = { kind: 'system', id: 'test', name: 'Test', user: null, teams: [], roles: [] };
let s3: S3Server;
let settings: S3Settings;
let files: LocalFileStore;
let database: TestDatabase;

beforeAll(async () => {
  [s3, database] = await Promise.all([startS3('bucket'), testDatabase()]);
  settings = {
    bucket: 'bucket',
    prefix: 'crm/files',
    region: 'eu-central-1',
    endpoint: s3.endpoint,
    pathStyle: true,
    keys: s3.keys,
  };
  files = await openFileStore(folder, settings);
});
afterAll(async () => {
  await Promise.all([s3.close(), database.drop()]);
  rmSync(folder, { recursive: true, force: true });
});

const bytesOf = async (store: Pick<LocalFileStore, 'open'>, key: string): Promise<Buffer> =>
  buffer(await store.open(key));
const unreachable = { body: { status: 503, code: 'files_unavailable' } };
const absent = 'ab/cd/' + 'abcd'.padEnd(64, '0');

test('what a bucket keeps comes back byte by byte, under its sha256 below the folder', async () => {
  const content = randomBytes(3_000_000);
  const spooled = await files.spool(Readable.from([content]));
  const key = await files.keep(spooled);
  expect([...s3.objects.keys()]).toEqual([`crm/files/${key}`]);
  expect(await bytesOf(files, key)).toEqual(content);
  expect(await files.keep(spooled)).toBe(key);
  await spooled.discard();
});

test('bytes that changed on the way are refused by the store and not kept', async () => {
  const spooled = await files.spool(Readable.from(['what was meant']));
  writeFileSync(spooled.path, 'something else');
  const before = s3.objects.size;
  await expect(files.keep(spooled)).rejects.toMatchObject(unreachable);
  expect(s3.objects.size).toBe(before);
  await spooled.discard();
});

test('what is not there is 404; a store that fails, is gone or knows no such key is 503 and counted', async () => {
  await expect(files.open(absent)).rejects.toMatchObject({ body: { status: 404 } });
  await expect(files.open('../../etc/passwd')).rejects.toMatchObject({ body: { status: 404 } });
  const before = files.troubles();
  s3.fail(500);
  await expect(files.open(absent)).rejects.toMatchObject(unreachable);
  s3.fail(undefined);
  const wrong = async (more: Partial<S3Settings>) =>
    (await openFileStore(folder, { ...settings, ...more })).open(absent);
  await expect(wrong({ keys: { id: 'TESTKEY', secret: 'wrong' } })).rejects.toMatchObject(unreachable);
  await expect(wrong({ bucket: 'another' })).rejects.toMatchObject(unreachable);
  await expect(wrong({ endpoint: 'http://127.0.0.1:1' })).rejects.toMatchObject(unreachable);
  expect(files.troubles()).toBe(before + 1);
});

test('trying it out leaves nothing behind, in a bucket and on disk', async () => {
  const before = [...s3.objects.keys()];
  await files.tryOut();
  await files.disk.tryOut();
  expect([...s3.objects.keys()]).toEqual(before);
});

test('a move to the bucket and back is verified, goes on where it was, and is served all the while', async () => {
  const onDisk = await openFileStore(folder);
  const contents = Array.from({ length: 6 }, (_, n) => Buffer.from(`content ${n}`));
  const keys: string[] = [];
  for (const [n, content] of contents.entries()) {
    const { path, size, sha256 } = await onDisk.spool(Readable.from([content]));
    const upload = { path, size, sha256, name: `${n}.txt`, mime: 'text/plain' };
    await storeFile(database.pool, { store: onDisk, by, upload });
    keys.push(`${sha256.slice(0, 2)}/${sha256.slice(2, 4)}/${sha256}`);
  }
  const { disk, bucket } = files;
  const toBucket = { files, from: disk, to: bucket!, remove: false };

  const stop = new AbortController();
  const part = await moveFiles(database.pool, {
    ...toBucket,
    signal: stop.signal,
    onProgress: ({ moved }) => moved === 2 && stop.abort(),
  });
  expect(part).toMatchObject({ moved: 2, there: 0 });
  for (const [n, key] of keys.entries()) expect(await bytesOf(files, key)).toEqual(contents[n]);

  const last = [...keys].sort().at(-1)!; // not among the two that went before
  const intact = readFileSync(join(folder, last));
  writeFileSync(join(folder, last), 'rotten');
  const rest = await moveFiles(database.pool, toBucket);
  expect(rest).toMatchObject({ moved: 3, there: 2, missing: [] });
  expect(rest.damaged).toHaveLength(1);
  writeFileSync(join(folder, last), intact);
  const done = await moveFiles(database.pool, { ...toBucket, remove: true });
  expect([done.moved + done.there, done.damaged, done.missing]).toEqual([6, [], []]);
  expect(() => readFileSync(join(folder, keys[0]!))).toThrow(/ENOENT/);

  const back = await moveFiles(database.pool, { files, from: bucket!, to: disk, remove: true });
  expect(back).toMatchObject({ moved: 6, there: 0, missing: [], damaged: [] });
  for (const [n, key] of keys.entries()) expect(await bytesOf(onDisk, key)).toEqual(contents[n]);
});

test('what a process that died left half-received is swept by any other, and what is in hand stays', async () => {
  const incoming = join(folder, 'incoming');
  const [left, young] = ['left-behind', 'of-another-process'].map((name) => join(incoming, name));
  const spooled = await files.spool(Readable.from(['in hand']));
  writeFileSync(left!, 'half of a file');
  writeFileSync(young!, 'still arriving');
  const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
  for (const path of [left!, spooled.path]) utimesSync(path, twoHoursAgo, twoHoursAgo);
  await files.sweep();
  expect([left!, young!, spooled.path].map((path) => existsSync(path))).toEqual([false, true, true]);
  // What is held is young again, for the sweeps of others.
  await (await openFileStore(folder)).sweep();
  expect(readFileSync(spooled.path, 'utf8')).toBe('in hand');
  await spooled.discard();
  rmSync(young!);
});

test('a file is read where it lies on disk, and of a bucket a copy that is checked and goes again', async () => {
  const [near, far] = [await openFileStore(mkdtempSync(join(folder, 'near-'))), files];
  for (const store of [near, far]) {
    const content = randomBytes(200_000);
    const spooled = await store.spool(Readable.from([content]));
    const key = await store.keep(spooled);
    await spooled.discard();
    const { path, discard } = await store.onDisk(key);
    expect(readFileSync(path)).toEqual(content);
    await discard();
    expect(existsSync(path)).toBe(store === near);
  }
  await expect(far.onDisk(absent)).rejects.toMatchObject({ body: { status: 404 } });
  const spooled = await far.spool(Readable.from(['as it was']));
  const key = await far.keep(spooled);
  await spooled.discard();
  s3.objects.set(`crm/files/${key}`, Buffer.from('as it is'));
  await expect(far.onDisk(key)).rejects.toMatchObject(unreachable);
  expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
});
