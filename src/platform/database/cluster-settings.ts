/**
 * The settings of the embedded PostgreSQL, written anew at every start so that an update of Groundwork
 * brings its own. An owner's wishes go into postgresql.local.conf beside it, which is read last.
 *
 * Meant for a laptop or a small server that also runs the app: modest memory, full durability, and a log
 * that holds no personal data (terse errors leave out the DETAIL line with the key's values).
 */
import { statfsSync } from 'node:fs';

export type ClusterSettings = Record<string, string | number>;

export function clusterSettings(given: ClusterSettings): string {
  const settings: ClusterSettings = {
    listen_addresses: '',
    max_connections: 60,
    password_encryption: 'scram-sha-256',
    scram_iterations: 1, // the password is 256 random bits: slow hashing protects nothing and costs every connect

    shared_buffers: '192MB',
    effective_cache_size: '1GB',
    work_mem: '16MB',
    maintenance_work_mem: '128MB',
    max_locks_per_transaction: 128,
    dynamic_shared_memory_type: sharedMemoryIsSmall() ? 'mmap' : 'posix',
    max_parallel_workers_per_gather: 1,
    jit: 'off',
    random_page_cost: 1.1,

    fsync: 'on',
    synchronous_commit: 'on',
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_wal_size: '1GB',
    min_wal_size: '128MB',
    checkpoint_timeout: '10min',
    client_connection_check_interval: process.platform === 'linux' ? '5s' : 0, // a killed app's long query ends

    TimeZone: 'UTC',
    DateStyle: 'ISO, YMD',
    lc_messages: 'C',
    default_text_search_config: 'pg_catalog.simple',

    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgres-%a.log', // a week, then over again
    log_truncate_on_rotation: 'on',
    log_rotation_age: '1d',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] %a ',
    log_error_verbosity: 'terse',
    log_min_error_statement: 'panic',
    log_min_duration_statement: '5s',
    log_parameter_max_length: 0,
    log_checkpoints: 'off',
    ...given,
  };
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${String(value).replaceAll("'", "''")}'`,
  );
  return [
    '# Written by Groundwork at every start. Put settings of your own into postgresql.local.conf.',
    ...lines,
    "include_if_exists = 'postgresql.local.conf'",
    '',
  ].join('\n');
}

/** Containers often give /dev/shm 64 MB, in which a parallel query dies. */
function sharedMemoryIsSmall(): boolean {
  if (process.platform !== 'linux') return false;
  try {
    const shm = statfsSync('/dev/shm');
    return shm.bavail * shm.bsize < 256 * 1024 * 1024;
  } catch {
    return true;
  }
}
