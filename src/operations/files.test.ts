import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testServer, type TestServer } from '../http/test-server.ts';
import { addUser } from '../platform/auth/add-user.ts';
import { mimeOf, attachment, safeFileName } from '../platform/files/file-name.ts';
import { openFileStore } from '../platform/files/file-store.ts';
import { userRecords } from './user-records.ts';

let server: TestServer;
const keys: Record<string, string> = {};
beforeAll(async () => {
  server = await testServer();
  for (const name of ['ann', 'ben']) {
    await addUser(
      { context: server.context, records: userRecords },
      { email: `${name}@example.com`, roles: ['sales_representative'] },
    );
    keys[name] = await server.key('sales_representative', `${name}@example.com`);
  }
});
afterAll(() => server.close());

const upload = (
  key: string,
  content: string | Uint8Array<ArrayBuffer>,
  name = 'offer.pdf',
  part = 'file',
  type = 'application/pdf',
) => {
  const form = new FormData();
  form.append(part, new Blob([content], { type }), name);
  return server.call('POST', '/api/v1/files', { key, body: form });
};
const raw = (path: string, key: string) =>
  fetch(server.url + path, { headers: { authorization: `Bearer ${key}` } });

test('a file comes back byte for byte, to be saved and never opened in the page', async () => {
  const content = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(300_000, 7)]);
  const made = await upload(keys['ann']!, content, 'Angebot für Müller “neu”.pdf');
  expect(made.status).toBe(201);
  expect(made.body).toEqual({
    id: expect.any(String),
    name: 'Angebot für Müller “neu”.pdf',
    size: content.length,
    mime: 'application/pdf',
  });
  const answer = await raw(`/api/v1/files/${made.body.id}`, keys['ann']!);
  expect(Buffer.from(await answer.arrayBuffer()).equals(content)).toBe(true);
  expect(answer.headers.get('content-disposition')).toMatch(
    /^attachment; filename=".*"; filename\*=UTF-8''Angebot%20f%C3%BCr/,
  );
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('content-security-policy')).toContain('sandbox');
});

test('a colleague gets it only through a record that has it', async () => {
  const { body: file } = await upload(keys['ann']!, 'terms', 'terms.txt', 'file', 'text/plain');
  const asBen = () => server.call('GET', `/api/v1/files/${file.id}`, { key: keys['ben'] });
  expect((await asBen()).status).toBe(404);
  const { body: account } = await server.call('POST', '/api/v1/accounts', {
    key: keys['ann'],
    body: { name: 'Files Ltd' },
  });
  const documents = server.catalog.serving.document!;
  const fields = server.catalog.objects.get(documents)!.fields;
  const holder = [...fields.values()].find((field) => field.type.holdsFile)!.key;
  const document = await server.call('POST', `/api/v1/${documents}`, {
    key: keys['ann'],
    body: { name: 'Terms', [holder]: file.id, account: account.id },
  });
  expect([document.status, document.body.errors]).toEqual([201, undefined]);
  expect((await asBen()).status).toBe(200);
});

test.for([
  ['an id that is none', '/api/v1/files/..%2f..%2fetc'],
  ['an id of nobody', '/api/v1/files/0190a5b2-0000-7000-8000-000000000000'],
] as const)('%s is 404', async ([, path]) => {
  expect((await server.call('GET', path, { key: keys['ann'] })).status).toBe(404);
});

test('what is no upload is refused, and leaves nothing behind', async () => {
  expect((await upload(keys['ann']!, '')).status).toBe(422);
  expect((await upload(keys['ann']!, 'x', 'a.txt', 'attachment')).status).toBe(422);
  expect((await server.call('POST', '/api/v1/files', { key: keys['ann'], body: { file: 'x' } })).status).toBe(
    415,
  );
  const cut = await server.call('POST', '/api/v1/files', {
    key: keys['ann'],
    body: '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
    headers: { 'content-type': 'multipart/form-data; boundary=b' },
  });
  expect([cut.status, cut.body.code]).toEqual([400, 'malformed_multipart']);
  const headless = await server.call('POST', '/api/v1/files', {
    key: keys['ann'],
    body: 'x',
    headers: { 'content-type': 'multipart/form-data' },
  });
  expect(headless.status).toBeGreaterThanOrEqual(400);
  expect(headless.status).toBeLessThan(500);
  const json = await server.call('POST', '/api/v1/accounts', { key: keys['ann'], body: new FormData() });
  expect(json.status).toBe(415);
});

test('a file past 50 MB is refused with 413', async () => {
  const answer = await upload(keys['ann']!, new Uint8Array(51 * 1024 * 1024));
  expect([answer.status, answer.body.code]).toEqual([413, 'file_too_large']);
  expect(answer.body.errors[0]).toMatchObject({
    message: 'The file is larger than 50 MB.',
    fix: { say: expect.stringContaining('FILE_MAX_BYTES') },
  });
  expect(readdirSync(join(server.filesFolder, 'incoming'))).toEqual([]);
});

describe('the store', () => {
  test('keeps the same content once and nothing half-received', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'groundwork-store-'));
    const store = await openFileStore(folder);
    const [one, two] = await Promise.all(
      ['same', 'same'].map((text) => store.spool(Readable.from([Buffer.from(text)]))),
    );
    expect(await store.keep(one!)).toBe(await store.keep(two!));
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from('half');
        throw new Error('gone');
      })(),
    );
    await expect(store.spool(failing)).rejects.toThrow('gone');
    expect(readdirSync(join(folder, 'incoming'))).toEqual([]);
    await expect(store.open('../../etc/passwd')).rejects.toMatchObject({ body: { status: 404 } });
    rmSync(folder, { recursive: true });
  });
});

describe('names and types', () => {
  test.for([
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\ada\\plan.docx', 'plan.docx'],
    ['a\u0000b\r\n.txt', 'ab.txt'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['...', 'file'],
    [undefined, 'file'],
    ['half \ud800 pair', 'half \ufffd pair'],
    [`${'x'.repeat(500)}.pdf`, `${'x'.repeat(196)}.pdf`],
  ])('%j is saved as %j', ([given, safe]) => {
    expect(safeFileName(given)).toBe(safe);
    expect(attachment(safe!)).toMatch(
      /^attachment; filename="[\x20-\x7e]+"; filename\*=UTF-8''[\w.!#$&+^`|~%-]+$/,
    );
  });

  test('the content tells the type before its sender does; what a browser would run is bytes', () => {
    expect(mimeOf(Buffer.from('%PDF-1.4'), 'image/png')).toBe('application/pdf');
    for (const risky of [
      'text/html',
      'image/svg+xml',
      'application/xhtml+xml',
      'text/javascript',
      'nonsense',
      undefined,
    ]) {
      expect(mimeOf(Buffer.from('<x>'), risky)).toBe('application/octet-stream');
    }
    expect(mimeOf(Buffer.from('a,b'), 'text/csv; charset=utf-8')).toBe('text/csv');
  });
});
