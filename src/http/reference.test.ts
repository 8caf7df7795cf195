import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { operations } from '../operations/index.ts';
import { defineOperation } from '../operations/operation.ts';
import { testServer, type TestServer } from './test-server.ts';

const change = defineOperation({
  name: 'things.change',
  summary: 'Change a {object}',
  input: z.strictObject({
    object: z.string(),
    id: z.string(),
    values: z.unknown(),
    version: z.number().optional(),
  }),
  http: {
    method: 'PUT',
    path: '/api/v1/{object}/{id}/test',
    idempotent: true,
    record: { needs: 'edit', staged: true, body: 'change', answer: 'record' },
  },
  run: async () => ({}),
});

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ operations: [...operations, change] });
});
afterAll(() => server.close());

type Json = any;
const documentFor = async (key?: string): Promise<Json> =>
  (await server.call('GET', '/api/openapi.json', { key })).body;

const methods = new Set(['get', 'post', 'put', 'patch', 'delete']);
const operationsOf = (api: Json): { path: string; method: string; operation: Json }[] =>
  Object.entries<Json>(api.paths).flatMap(([path, entry]) =>
    Object.entries<Json>(entry).map(([method, operation]) => ({ path, method, operation })),
  );

function everyRef(value: Json, found: string[] = []): string[] {
  if (Array.isArray(value)) value.forEach((each) => everyRef(each, found));
  else if (value && typeof value === 'object') {
    for (const [key, child] of Object.entries(value)) {
      if (key === '$ref' && typeof child === 'string') found.push(child);
      else everyRef(child, found);
    }
  }
  return found;
}

const at = (api: Json, ref: string): Json =>
  ref
    .slice(2)
    .split('/')
    .reduce((value, key) => value?.[key], api);

test.for(['administrator', 'sales_representative', undefined])(
  'the document of %s is whole',
  async (role) => {
    const api = await documentFor(role && (await server.key(role)));
    expect(api.openapi).toBe('3.1.0');
    const refs = everyRef(api);
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) expect([ref, typeof at(api, ref)]).toEqual([ref, 'object']);

    const ids = operationsOf(api).map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, method, operation } of operationsOf(api)) {
      expect(methods.has(method)).toBe(true);
      expect(operation.summary).not.toBe('');
      const parameters = operation.parameters.map((each: Json) => (each.$ref ? at(api, each.$ref) : each));
      const inPath = parameters.filter((each: Json) => each.in === 'path').map((each: Json) => each.name);
      expect([path, inPath.sort()]).toEqual([
        path,
        [...path.matchAll(/\{(\w+)\}/g)].map((each) => each[1]!).sort(),
      ]);
      for (const each of parameters) {
        expect(each.schema).toBeTypeOf('object');
        if (each.in === 'path') expect(each.required).toBe(true);
      }
      const names = parameters.map((each: Json) => `${each.in} ${each.name}`);
      expect(new Set(names).size).toBe(names.length);
      expect(Object.keys(operation.responses).some((status) => /^2\d\d$/.test(status))).toBe(true);
      for (const tag of operation.tags) expect(api.tags.map((each: Json) => each.name)).toContain(tag);
      for (const need of operation.security ?? api.security) {
        for (const scheme of Object.keys(need)) expect(api.components.securitySchemes).toHaveProperty(scheme);
      }
    }
    for (const [name, schema] of Object.entries<Json>(api.components.schemas)) {
      expect([name, /^[a-zA-Z0-9._-]+$/.test(name)]).toEqual([name, true]);
      for (const key of schema.required ?? []) expect(schema.properties).toHaveProperty(key);
    }
  },
);

test('every object of the workspace has its own paths and schemas, field by field', async () => {
  const api = await documentFor(await server.key('administrator'));
  for (const object of server.catalog.objects.values()) {
    expect(api.paths).toHaveProperty([`/api/v1/${object.key}`, 'get']);
    expect(api.paths).toHaveProperty([`/api/v1/${object.key}/{id}`, 'patch']);
    for (const field of object.fields.values()) {
      expect(api.components.schemas[object.key].properties).toHaveProperty(field.key);
    }
  }
  const put = api.paths['/api/v1/deals/{id}/test'].put;
  expect(put.requestBody.content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/deals.change',
  });
  expect(put.responses['200'].content['application/json'].schema).toEqual({
    $ref: '#/components/schemas/deals',
  });
  expect(put.summary).toBe('Change a deal');
  expect(put.parameters.map((each: Json) => each.name ?? each.$ref)).toEqual([
    'id',
    '#/components/parameters/idempotencyKey',
    '#/components/parameters/ifMatch',
  ]);
  expect(api.components.schemas['deals.change'].properties).not.toHaveProperty('version');
  expect(api.paths).not.toHaveProperty(['/api/v1/products/{id}/test']);
});

test('nobody who has not signed in learns what objects there are', async () => {
  const api = await documentFor();
  expect(api.paths).toHaveProperty('/api/v1/session');
  expect(JSON.stringify(api)).not.toMatch(/deals|expected_close_on/);
  const strange = await server.call('GET', '/api/openapi.json', { key: 'gw_wrong' });
  expect(strange.status).toBe(401);
});

test('what a role may not do is not described to it', async () => {
  const api = await documentFor(await server.key('read_only'));
  expect(api.paths).toHaveProperty('/api/v1/deals');
  expect(api.paths).not.toHaveProperty(['/api/v1/deals/{id}/test']);
});

test('a document is made once per epoch and set of roles', async () => {
  const key = await server.key('administrator');
  const [one, two] = [await documentFor(key), await documentFor(key)];
  expect(one).toEqual(two);
});

test('the reference page needs no other host and runs no inline script', async () => {
  const page = await server.call('GET', '/api/docs');
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const files = ['page.html', 'page.js', 'page.css'].map((name) =>
    readFileSync(join(import.meta.dirname, 'reference', name), 'utf8'),
  );
  for (const text of files) expect(text).not.toMatch(/https?:\/\/|\/\/cdn|<script>|onclick=|style="/);
  for (const [, url] of page.body.matchAll(/(?:src|href)="(\/[^"]*)"/g)) {
    expect([url, (await server.call('GET', url)).status]).toEqual([url, 200]);
  }
});
