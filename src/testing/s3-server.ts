/**
 * A small S3: enough of the protocol for a store of files, objects in memory, and strict where it matters. Each
 * request's signature (AWS Signature Version 4) and each upload's sha256 are checked, as Amazon does.
 */
import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type S3Server = {
  endpoint: string;
  keys: { id: string; secret: string };
  objects: Map<string, Buffer>;
  /** Answers all requests with this status, until undone with undefined. */
  fail(status: number | undefined): void;
  close(): Promise<void>;
};

export async function startS3(bucket: string): Promise<S3Server> {
  const keys = { id: 'TESTKEY', secret: 'a secret of the tests' };
  const objects = new Map<string, Buffer>();
  let failing: number | undefined;
  const server = createServer((request, response) => void answer(request, response));

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const [path] = request.url!.split('?') as [string];
    const say = (status: number, code?: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(code && `<Error><Code>${code}</Code><Message>${code}</Message></Error>`);
    };
    if (failing !== undefined) return say(failing, 'InternalError');
    if (!signedWith(request, keys.secret)) return say(403, 'SignatureDoesNotMatch');
    if (!path.startsWith(`/${bucket}/`)) return say(404, 'NoSuchBucket');
    const key = decodeURIComponent(path.slice(bucket.length + 2));
    const there = objects.get(key);
    if (request.method === 'PUT') {
      const sum = request.headers['x-amz-checksum-sha256'];
      if (sum !== undefined && sum !== createHash('sha256').update(body).digest('base64'))
        return say(400, 'BadDigest');
      objects.set(key, body);
      return say(200);
    }
    if (request.method === 'DELETE') {
      objects.delete(key);
      return say(204);
    }
    if (!there) return say(404, 'NoSuchKey');
    response.writeHead(200, { 'content-length': there.length, 'content-type': 'application/octet-stream' });
    response.end(request.method === 'HEAD' ? undefined : there);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    keys,
    objects,
    fail: (status) => (failing = status),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

function signedWith(request: IncomingMessage, secret: string): boolean {
  const { authorization = '', ...headers } = request.headers;
  const scope = /Credential=[^/]+\/(\d+)\/([^/]+)\/s3\/aws4_request/.exec(authorization);
  const signed = /SignedHeaders=([^,]+)/.exec(authorization)?.[1];
  const signature = /Signature=([0-9a-f]{64})/.exec(authorization)?.[1];
  if (!scope || !signed || !signature) return false;
  const [path = '', query = ''] = request.url!.split('?');
  const canonical = [
    request.method,
    path,
    query
      .split('&')
      .filter(Boolean)
      .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
      .sort()
      .join('&'),
    ...signed.split(';').map((name) => `${name}:${String(headers[name]).trim().replaceAll(/ +/g, ' ')}`),
    '',
    signed,
    headers['x-amz-content-sha256'],
  ].join('\n');
  const [, day, region] = scope as unknown as [string, string, string];
  const text = [
    'AWS4-HMAC-SHA256',
    headers['x-amz-date'],
    `${day}/${region}/s3/aws4_request`,
    createHash('sha256').update(canonical).digest('hex'),
  ].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), 's3'), 'aws4_request');
  return hmac(key, text).toString('hex') === signature;
}
