/** Files that are larger than other uploads may be, on their way to an import. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { jobs } from '../operations/jobs.ts';
import { testServer, type TestServer } from './test-server.ts';

const mega = 1024 * 1024;
let server: TestServer;
/** On the same database, where an import takes a megabyte and any other file sixty. */
let narrow: TestServer;
let admin: string;
beforeAll(async () => {
  server = await testServer({ jobs });
  narrow = await testServer({ beside: server, config: { uploads: { file: 60 * mega, import: mega } } });
  admin = await server.key('administrator');
});
afterAll(async () => {
  await narrow.close();
  await server.close();
});

const incoming = ({ filesFolder }: TestServer): string[] => readdirSync(join(filesFolder, 'incoming'));

function form(csv: Buffer<ArrayBuffer>): FormData {
  const body = new FormData();
  body.set('object', 'accounts');
  body.set('background', 'true');
  body.set('file', new Blob([csv], { type: 'text/csv' }), 'large.csv');
  return body;
}
const send = (to: TestServer, csv: Buffer<ArrayBuffer>) =>
  to.call('POST', '/api/v1/imports', { key: admin, body: form(csv) });

/** As many rows of 90 KB as fill it. */
function csvOf(megabytes: number): { csv: Buffer<ArrayBuffer>; rows: number } {
  const note = 'They asked for an offer. '.repeat(3_600);
  const rows = Math.ceil((megabytes * mega) / note.length);
  const lines = Array.from({ length: rows }, (_, at) => `Large ${at},"${note}"\n`);
  return { csv: Buffer.from(`name,notes\n${lines.join('')}`), rows };
}

test('a file of more than 50 MB is uploaded whole, and imported in the background', async () => {
  const { csv, rows } = csvOf(55);
  expect(csv.length).toBeGreaterThan(55 * mega);
  const { status, body } = await send(server, csv);
  expect(status).toBe(202);
  const batch = () => server.call('GET', `/api/v1/batches/${body.batch}`, { key: admin });
  await expect.poll(async () => (await batch()).body.state, { timeout: 90_000, interval: 300 }).toBe('done');
  expect((await batch()).body).toMatchObject({ total: rows, done: rows, refused: 0 });
  const sha256 = createHash('sha256').update(csv).digest('hex');
  const kept = join(server.filesFolder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  expect(statSync(kept).size).toBe(csv.length);
  expect(incoming(server)).toEqual([]);
}, 120_000);

test('an import file above its own limit is refused while it arrives, with the setting by name; other files have theirs', async () => {
  const { csv } = csvOf(2);
  const refused = await send(narrow, csv);
  expect(refused).toMatchObject({ status: 413, body: { code: 'file_too_large' } });
  expect(refused.body.errors[0]).toMatchObject({
    path: 'file',
    message: 'The file is larger than 1 MB.',
    fix: { say: expect.stringContaining('IMPORT_MAX_BYTES') },
  });
  expect(incoming(narrow)).toEqual([]);
  const file = new FormData();
  file.set('file', new Blob([csv]), 'offer.csv');
  expect((await narrow.call('POST', '/api/v1/files', { key: admin, body: file })).status).toBe(201);
});

/** The head of a request that says to be so long. */
const headOf = (length: number): string =>
  [
    'POST /api/v1/imports HTTP/1.1',
    'Host: 127.0.0.1',
    `Authorization: Bearer ${admin}`,
    'Content-Type: multipart/form-data; boundary=b',
    `Content-Length: ${length}`,
    '\r\n',
  ].join('\r\n');
const connected = async () => {
  const socket = connect(Number(new URL(narrow.url).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
};

test('what says that it is far too large is refused before any of it is sent', async () => {
  const socket = await connected();
  socket.write(headOf(100 * mega));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 413 /);
  socket.destroy();
});

test('of an upload whose caller hangs up nothing stays', async () => {
  const socket = await connected();
  const part = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nname\n';
  socket.write(headOf(900_000) + part + 'Half\n'.repeat(20_000));
  await expect.poll(() => incoming(narrow).length).toBe(1);
  socket.destroy();
  await expect.poll(() => incoming(narrow)).toEqual([]);
});
