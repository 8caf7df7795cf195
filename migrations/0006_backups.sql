-- Backups that were taken by plan: what is where, and whether it was proved. No backup holds these rows: they are
-- true of one place alone.
CREATE TABLE platform.backups (
  id          uuid        PRIMARY KEY,
  name        text        NOT NULL,          -- of the file, in the folder of backups
  host        text        NOT NULL,          -- the machine on which that folder is
  state       text        NOT NULL,          -- running, done, failed, removed (by retention)
  started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at    timestamptz,
  moment      timestamptz,                   -- every change acknowledged before it is in the backup
  bytes       bigint,
  rows        bigint,
  files       integer,
  with_key    boolean     NOT NULL,
  error       text,
  checked_at  timestamptz,
  check_state text,                          -- restored, read (where no scratch database may be made), failed
  check_error text
);
CREATE INDEX backups_time ON platform.backups (started_at);
