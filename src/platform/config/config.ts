/** The settings of this process, read from the environment once and checked; nothing else reads `process.env`. */
import { z } from 'zod';
import { join, resolve } from 'node:path';
import type { BackupPlan } from '../../core/context/context.ts';
import type { S3Settings } from '../files/s3-store.ts';

const url = (protocols: RegExp, say: string) =>
  z.string().refine((text) => URL.canParse(text) && protocols.test(text), say);

const seconds = (name: string) =>
  z.coerce
    .number(`${name} must be a number of seconds.`)
    .min(0, `${name} must not be less than 0 seconds.`)
    .max(3600, `${name} must be at most 3600 seconds.`);

const bytes = (name: string) =>
  z.coerce
    .number(`${name} must be a number of bytes, such as 52428800 for 50 MB.`)
    .int(`${name} must be a whole number of bytes.`)
    .min(1024, `${name} must be at least 1024 bytes.`);

const Environment = z.object({
  PORT: z.coerce.number('PORT must be a number.').int().min(0).max(65535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: url(
    /^postgres(ql)?:\/\//,
    'DATABASE_URL must look like postgres://user:password@host:5432/name.',
  ).optional(),
  DATABASE_READ_URL: url(
    /^postgres(ql)?:\/\//,
    'DATABASE_READ_URL must look like postgres://user:password@host:5432/name.',
  ).optional(),
  DATABASE_READ_MAX_LAG: seconds('DATABASE_READ_MAX_LAG')
    .positive('DATABASE_READ_MAX_LAG must be more than 0 seconds.')
    .default(10),
  FILES_URL: url(/^s3:\/\/[^/?#]+/, 'FILES_URL must look like s3://bucket or s3://bucket/folder.').optional(),
  S3_ENDPOINT: url(/^https?:\/\//, 'S3_ENDPOINT must look like https://s3.example.com.').optional(),
  S3_REGION: z.string().default('us-east-1'),
  S3_PATH_STYLE: z.enum(['true', 'false'], 'S3_PATH_STYLE must be true or false.').optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  FILE_MAX_BYTES: bytes('FILE_MAX_BYTES').default(50 * 1024 ** 2),
  IMPORT_MAX_BYTES: bytes('IMPORT_MAX_BYTES').default(4 * 1024 ** 3),
  STOP_NOTICE: seconds('STOP_NOTICE').default(0),
  STOP_SECONDS: seconds('STOP_SECONDS').default(10),
  PUBLIC_URL: url(/^https?:\/\//, 'PUBLIC_URL must look like https://crm.example.com.').optional(),
  TRUST_PROXY: z.string().default('false'),
  BACKUP_SCHEDULE: z.string().default('0 3 * * *'),
  BACKUP_CHECK: z.string().default('0 4 * * 0'),
  BACKUP_DIR: z.string().optional(),
  BACKUP_KEEP: z
    .string()
    .regex(/^\d{1,4}(,\d{1,4}){0,2}$/, 'BACKUP_KEEP must look like 7,4,6: days, weeks, months.')
    .default('7,4,6'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  METRICS_TOKEN: z.string().min(16, 'METRICS_TOKEN must have at least 16 characters.').optional(),
});

export type Config = {
  port: number;
  host: string;
  dataDir: string;
  databaseUrl?: string;
  /** A standby for reads that tolerate a delay; further behind than so many seconds it is left alone. */
  reads?: { url: string; mostLagSeconds: number };
  /** The bucket for files; undefined: below the data folder. */
  s3?: S3Settings;
  /** The most bytes of a file that comes over HTTP, by what it is for. */
  uploads: { file: number; import: number };
  /** Where people reach this server, without a slash at the end. */
  publicUrl?: string;
  /** Whose X-Forwarded-* headers count: nobody, everybody, a number of hops, or addresses and networks. */
  trustProxy: boolean | number | string[];
  stop: {
    /** How long it says that it stops, and still serves, so that whoever sends it requests can look elsewhere. */
    noticeSeconds: number;
    /** How long requests and jobs that are under way may take to finish after that. */
    finishSeconds: number;
  };
  backups: BackupPlan;
  logLevel: string;
  metricsToken?: string;
};

/** @throws Error with one sentence per setting that is wrong. An empty variable counts as not set. */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = Environment.safeParse(given);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((found) => `${found.path.join('.')}: ${found.message}`);
    throw unusable(lines);
  }
  const settings = parsed.data;
  if (settings.DATABASE_READ_URL !== undefined && settings.DATABASE_URL === undefined)
    throw unusable(['DATABASE_READ_URL: A standby needs a primary: set DATABASE_URL too.']);
  if ((settings.S3_ACCESS_KEY_ID === undefined) !== (settings.S3_SECRET_ACCESS_KEY === undefined))
    throw unusable(['S3_ACCESS_KEY_ID: Set it together with S3_SECRET_ACCESS_KEY, or neither.']);
  return {
    port: settings.PORT,
    host: settings.HOST,
    dataDir: settings.DATA_DIR,
    databaseUrl: settings.DATABASE_URL,
    reads:
      settings.DATABASE_READ_URL === undefined
        ? undefined
        : { url: settings.DATABASE_READ_URL, mostLagSeconds: settings.DATABASE_READ_MAX_LAG },
    s3: s3Of(settings),
    uploads: { file: settings.FILE_MAX_BYTES, import: settings.IMPORT_MAX_BYTES },
    publicUrl: settings.PUBLIC_URL?.replace(/\/+$/, ''),
    trustProxy: trustProxy(settings.TRUST_PROXY),
    stop: { noticeSeconds: settings.STOP_NOTICE, finishSeconds: settings.STOP_SECONDS },
    backups: backupPlan(settings),
    logLevel: settings.LOG_LEVEL,
    metricsToken: settings.METRICS_TOKEN,
  };
}

function backupPlan(settings: z.infer<typeof Environment>): BackupPlan {
  const [days = 0, weeks = 0, months = 0] = settings.BACKUP_KEEP.split(',').map(Number);
  return {
    folder: resolve(settings.BACKUP_DIR ?? join(settings.DATA_DIR, 'backups')),
    schedule: cronLine('BACKUP_SCHEDULE', settings.BACKUP_SCHEDULE),
    check: cronLine('BACKUP_CHECK', settings.BACKUP_CHECK),
    keep: { days, weeks, months },
  };
}

/** Five fields, or `off`. */
function cronLine(name: string, text: string): string | null {
  const line = text.trim();
  if (/^(off|no|false|never)$/i.test(line)) return null;
  if (/^[\d*/,-]+( [\d*/,\-A-Za-z]+){4}$/.test(line)) return line;
  throw unusable([`${name}: ${name} must be a cron line such as “0 3 * * *”, or off.`]);
}

function s3Of(settings: z.infer<typeof Environment>): S3Settings | undefined {
  if (settings.FILES_URL === undefined) return undefined;
  const { host, pathname } = new URL(settings.FILES_URL);
  const { S3_ACCESS_KEY_ID: id, S3_SECRET_ACCESS_KEY: secret, S3_ENDPOINT: endpoint } = settings;
  return {
    bucket: host,
    prefix: decodeURIComponent(pathname).replaceAll(/^\/+|\/+$/g, ''),
    region: settings.S3_REGION,
    endpoint,
    pathStyle:
      settings.S3_PATH_STYLE === undefined ? endpoint !== undefined : settings.S3_PATH_STYLE === 'true',
    keys: id !== undefined && secret !== undefined ? { id, secret } : undefined,
  };
}

const unusable = (lines: readonly string[]): Error =>
  Object.assign(new Error(`The settings cannot be used.\n${lines.join('\n')}`), { code: 'config_invalid' });

function trustProxy(text: string): boolean | number | string[] {
  if (/^(true|yes|on)$/i.test(text)) return true;
  if (/^(false|no|off)$/i.test(text)) return false;
  if (/^\d+$/.test(text)) return Number(text);
  return text.split(',').map((part) => part.trim());
}
