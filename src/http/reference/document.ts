/**
 * The OpenAPI 3.1 document, drawn from the operations and from the catalog as one caller may see it: an object
 * or field that is hidden from the caller is not described either.
 */
import { z } from 'zod';
import type { Catalog } from '../../core/catalog/catalog.ts';
import type { PublicCatalog, PublicObject } from '../../core/catalog/public-catalog.ts';
import type { Operation } from '../../operations/operation.ts';
import { sharedSchemas } from './shared-schemas.ts';

type Schema = Record<string, unknown>;
type Schemas = Record<string, Schema>;

export type Document = {
  openapi: '3.1.0';
  info: Schema;
  servers: Schema[];
  security: Schema[];
  tags: { name: string; description?: string }[];
  paths: Record<string, Record<string, Schema>>;
  components: { schemas: Schemas; parameters: Schemas; responses: Schemas; securitySchemes: Schemas };
};

export function openApiDocument(input: {
  operations: readonly Operation[];
  /** Absent for a caller who has not signed in: then only what is the same for everybody is described. */
  workspace?: { catalog: Catalog; seen: PublicCatalog };
  serverUrl: string;
  secureCookies: boolean;
}): Document {
  const { workspace } = input;
  const document: Document = {
    openapi: '3.1.0',
    info: {
      title: `${workspace?.seen.workspace.name ?? 'Groundwork'} API`,
      version: '1',
      description: workspace
        ? 'Every object of this workspace that you may see, your own fields included.'
        : 'Sign in, or send an API key, to see the objects of this workspace too.',
    },
    servers: [{ url: input.serverUrl }],
    security: [{ key: [] }, { session: [] }],
    tags: [],
    paths: {},
    components: sharedSchemas(input.secureCookies),
  };
  for (const object of workspace?.seen.objects ?? []) {
    addObjectSchemas(document.components.schemas, workspace!.catalog, object);
    document.tags.push({ name: object.label.many, description: object.meaning });
  }
  for (const operation of input.operations) {
    if (!operation.http.path.includes('{object}')) {
      add(document, operation.http.path, operation, undefined);
      continue;
    }
    for (const object of workspace?.seen.objects ?? []) {
      const { needs, staged, converts } = operation.http.record ?? {};
      if ((needs && !object.may[needs]) || (staged && !object.stage_field)) continue;
      if (converts && !object.converts_to) continue;
      add(document, operation.http.path.replace('{object}', object.key), operation, object);
    }
  }
  const used = new Set(
    Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap((each) => each['tags'] as string[]),
    ),
  );
  for (const name of used) if (!document.tags.some((tag) => tag.name === name)) document.tags.push({ name });
  return document;
}

function add(document: Document, path: string, operation: Operation, object: PublicObject | undefined): void {
  const { http } = operation;
  const entry: Schema = {
    operationId: object ? `${object.key}.${operation.name.split('.').at(-1)}` : operation.name,
    summary: object
      ? operation.summary.replaceAll('{object}', object.label.one.toLowerCase())
      : operation.summary,
    ...(operation.description ? { description: operation.description } : {}),
    tags: [object?.label.many ?? tagOf(operation)],
    parameters: parametersOf(document, operation, path),
    responses: responsesOf(document, operation, object),
  };
  const body = bodyOf(document, operation, object);
  if (body) entry['requestBody'] = body;
  if (http.open) entry['security'] = [];
  (document.paths[path] ??= {})[http.method.toLowerCase()] = entry;
}

const tagOf = (operation: Operation): string => {
  const noun = operation.name.split('.')[0]!.replaceAll('_', ' ');
  return noun[0]!.toUpperCase() + noun.slice(1);
};

const pathNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!);

/** A record's version is asked for by If-Match, never in the body. */
const takesVersion = ({ http }: Operation, properties: Schemas): boolean =>
  http.path.includes('{object}/{id}') && http.method !== 'GET' && 'version' in properties;

/** Inputs that travel neither in the body nor, for a reading operation, in the query. */
const elsewhere = (operation: Operation, properties: Schemas): string[] => [
  ...pathNames(operation.http.path),
  ...(operation.http.query ?? []),
  ...(takesVersion(operation, properties) ? ['version'] : []),
];

function parametersOf(document: Document, operation: Operation, path: string): Schema[] {
  const { http } = operation;
  const { properties, required } = inputOf(document, operation);
  const inPath = pathNames(path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: properties[name] ?? { type: 'string' },
  }));
  const reads = http.method === 'GET' || http.method === 'DELETE';
  const named = reads
    ? Object.keys(properties).filter((key) => !elsewhere(operation, properties).includes(key))
    : (http.query ?? []);
  const inQuery = named.map((name) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: properties[name] ?? { type: 'string' },
  }));
  const shared = [
    ...(http.idempotent ? ['idempotencyKey'] : []),
    ...(takesVersion(operation, properties) ? ['ifMatch'] : []),
  ];
  return [...inPath, ...inQuery, ...shared.map((name) => ({ $ref: `#/components/parameters/${name}` }))];
}

function bodyOf(
  document: Document,
  operation: Operation,
  object: PublicObject | undefined,
): Schema | undefined {
  const { http } = operation;
  if (http.method === 'GET' || http.method === 'DELETE') return undefined;
  if (object && http.record?.body) {
    const name = http.record.body === 'create' ? `${object.key}.new` : `${object.key}.change`;
    return {
      required: true,
      content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
    };
  }
  const { properties, required, rest } = inputOf(document, operation);
  const placed = elsewhere(operation, properties);
  const own = Object.fromEntries(Object.entries(properties).filter(([key]) => !placed.includes(key)));
  if (Object.keys(own).length === 0 && !http.multipart) return undefined;
  const needed = required.filter((key) => !placed.includes(key));
  if (http.multipart)
    own['file'] = { type: 'string', contentMediaType: 'application/octet-stream', description: 'The file' };
  const schema: Schema = {
    type: 'object',
    properties: own,
    ...(needed.length > 0 ? { required: needed } : {}),
    ...rest,
  };
  const type = http.multipart ? 'multipart/form-data' : 'application/json';
  return { required: needed.length > 0, content: { [type]: { schema } } };
}

function responsesOf(document: Document, operation: Operation, object: PublicObject | undefined): Schema {
  const { http } = operation;
  const answers = operation.output || http.record?.answer || http.download || http.events;
  const status = String(http.status ?? (answers ? 200 : 204));
  const problem = { $ref: '#/components/responses/Problem' };
  const content = http.events
    ? { 'text/event-stream': { schema: { type: 'string' } } }
    : http.download
      ? {
          'application/octet-stream': {
            schema: { type: 'string', contentMediaType: 'application/octet-stream' },
          },
        }
      : jsonOf(document, operation, object);
  return {
    [status]: { description: 'Done', ...(content ? { content } : {}) },
    ...(http.later ? { 202: { description: 'Begun; the batch tells how far it is' } } : {}),
    '4XX': problem,
    '503': problem,
  };
}

function jsonOf(
  document: Document,
  operation: Operation,
  object: PublicObject | undefined,
): Schema | undefined {
  const { answer } = operation.http.record ?? {};
  if (object && answer) {
    const record = { $ref: `#/components/schemas/${object.key}` };
    const schema = answer === 'record' ? record : { $ref: `#/components/schemas/${object.key}.list` };
    return { 'application/json': { schema } };
  }
  if (!operation.output) return undefined;
  return {
    'application/json': {
      schema: schemaOf(document, operation.output, `${operation.name}.output`, 'output'),
    },
  };
}

function inputOf(
  document: Document,
  operation: Operation,
): { properties: Schemas; required: string[]; rest: Schema } {
  const schema = schemaOf(document, operation.input, `${operation.name}.input`, 'input');
  const extra = schema['additionalProperties'];
  return {
    properties: (schema['properties'] ?? {}) as Schemas,
    required: (schema['required'] ?? []) as string[],
    rest: extra === undefined || typeof extra === 'object' ? {} : { additionalProperties: extra },
  };
}

/** JSON Schema of a zod schema; what it defines on the side moves to the document's components. */
function schemaOf(document: Document, type: z.ZodType, name: string, io: 'input' | 'output'): Schema {
  const made = z.toJSONSchema(type, { io, unrepresentable: 'any', reused: 'inline' }) as Schema;
  delete made['$schema'];
  const definitions = (made['$defs'] ?? {}) as Schemas;
  delete made['$defs'];
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => {
        if (key !== '$ref' || typeof child !== 'string') return [key, moved(child)];
        if (child === '#') return [key, `#/components/schemas/${name}`];
        return [key, child.replace(/^#\/\$defs\//, `#/components/schemas/${name}.`)];
      }),
    );
  };
  const whole = moved(made) as Schema;
  if (JSON.stringify(whole).includes(`"#/components/schemas/${name}"`))
    document.components.schemas[name] = whole;
  for (const [key, definition] of Object.entries(definitions)) {
    document.components.schemas[`${name}.${key}`] = moved(definition) as Schema;
  }
  return whole;
}

/** The object's schemas: as read, as created, as changed, and a page of it. */
function addObjectSchemas(schemas: Schemas, catalog: Catalog, object: PublicObject): void {
  const read: Schemas = {};
  const write: Schemas = {};
  const required: string[] = [];
  for (const seen of object.fields) {
    const field = catalog.objects.get(object.key)?.fields.get(seen.key);
    if (!field) continue;
    const schema = field.type.schema(field);
    read[seen.key] = schema.read;
    if (seen.may !== 'edit' || !schema.write) continue;
    write[seen.key] = schema.write;
    if (seen.required && field.definition.default === undefined) required.push(seen.key);
  }
  const title = object.label.one;
  schemas[object.key] = { title, description: object.meaning, type: 'object', properties: read };
  schemas[`${object.key}.new`] = {
    title: `${title}, new`,
    type: 'object',
    properties: write,
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  };
  schemas[`${object.key}.change`] = {
    title: `${title}, changes`,
    type: 'object',
    properties: write,
    additionalProperties: false,
  };
  schemas[`${object.key}.list`] = {
    title: `Page of ${object.label.many.toLowerCase()}`,
    type: 'object',
    properties: {
      data: { type: 'array', items: { $ref: `#/components/schemas/${object.key}` } },
      next_cursor: {
        type: ['string', 'null'],
        description: 'Send it as `cursor` for the next page; null on the last',
      },
      total: { type: 'integer', description: 'With count=exact' },
    },
    required: ['data', 'next_cursor'],
  };
}
