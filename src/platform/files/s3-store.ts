/**
 * Bytes of files in a bucket of any S3-compatible store, under the same names as on disk. An upload carries its
 * sha256, which the store checks, and counts as kept only once the store has been asked for it again.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { notFound } from '../../core/errors/problem.ts';
import { randomUUID } from 'node:crypto';
import { isKey, keyOf, unavailable, type ByteStore } from './byte-store.ts';

export type S3Settings = {
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
  region: string;
  /** Undefined: Amazon's own. */
  endpoint?: string;
  /** The bucket in the path and not in the host, as most stores of one's own want it. */
  pathStyle: boolean;
  /** Undefined: as Amazon's tools find them (AWS_… variables, the role of the machine). */
  keys?: { id: string; secret: string };
};

/** Uploads are streams, which the library cannot send twice. */
const uploadAttempts = 3;

export function s3Store(settings: S3Settings): ByteStore {
  const { bucket, prefix } = settings;
  const client = new S3Client({
    region: settings.region,
    logger: { debug() {}, info() {}, warn() {}, error() {} }, // it would print; what fails is thrown
    forcePathStyle: settings.pathStyle,
    ...(settings.endpoint ? { endpoint: settings.endpoint } : {}),
    ...(settings.keys
      ? { credentials: { accessKeyId: settings.keys.id, secretAccessKey: settings.keys.secret } }
      : {}),
    // Not every compatible store knows the newer checksums; ours goes along all the same.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000 },
  });
  const named = (storedAs: string) => ({
    Bucket: bucket,
    Key: prefix === '' ? storedAs : `${prefix}/${storedAs}`,
  });

  async function size(storedAs: string): Promise<number | undefined> {
    if (!isKey(storedAs)) return undefined;
    try {
      return (await client.send(new HeadObjectCommand(named(storedAs)))).ContentLength;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw unavailable(error);
    }
  }

  async function upload(storedAs: string, path: string, more: Partial<PutObjectCommandInput>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const Body = createReadStream(path);
      try {
        await client.send(new PutObjectCommand({ ...named(storedAs), ...more, Body }));
        return;
      } catch (error) {
        if (attempt === uploadAttempts || isRefusal(error)) throw unavailable(error);
      } finally {
        Body.destroy();
      }
    }
  }

  return {
    place: `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`,
    size,
    async keep({ path, sha256 }) {
      const storedAs = keyOf(sha256);
      const bytes = (await stat(path)).size;
      if ((await size(storedAs)) === bytes) return storedAs;
      await upload(storedAs, path, {
        ContentLength: bytes,
        ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
      });
      const there = await size(storedAs);
      if (there !== bytes)
        throw unavailable(new Error(`${there ?? 'no'} bytes are there in place of ${bytes}`));
      return storedAs;
    },
    async open(storedAs) {
      if (!isKey(storedAs)) throw notFound('file');
      try {
        return (await client.send(new GetObjectCommand(named(storedAs)))).Body as Readable;
      } catch (error) {
        throw isMissing(error) ? notFound('file') : unavailable(error);
      }
    },
    async remove(storedAs) {
      try {
        if (isKey(storedAs)) await client.send(new DeleteObjectCommand(named(storedAs)));
      } catch (error) {
        throw unavailable(error);
      }
    },
    async tryOut() {
      const probe = named(`.probe-${randomUUID()}`);
      try {
        await client.send(new PutObjectCommand({ ...probe, Body: 'probe' }));
        await client.send(new DeleteObjectCommand(probe));
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode;

/** The object alone; a bucket that is missing is a wrong setting. A HEAD has no body to tell the two apart. */
const isMissing = (error: unknown): boolean =>
  statusOf(error) === 404 && (error as { name?: string }).name !== 'NoSuchBucket';

/** What another attempt would not change. */
const isRefusal = (error: unknown): boolean => {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
};
