-- Schemas and what the record engine keeps beside the record tables.
CREATE SCHEMA IF NOT EXISTS crm;
CREATE SCHEMA IF NOT EXISTS platform;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

-- One row per change, written in the change's own transaction; never updated. Readers take rows below
-- pg_snapshot_xmin(pg_current_snapshot()) in the order (xid, id): an id alone would skip late commits.
CREATE TABLE platform.events (
  xid         xid8        NOT NULL DEFAULT pg_current_xact_id(),
  id          bigint      GENERATED ALWAYS AS IDENTITY,
  at          timestamptz NOT NULL DEFAULT clock_timestamp(),
  object      text        NOT NULL,
  record      uuid        NOT NULL,
  version     integer     NOT NULL,
  type        text        NOT NULL,          -- created, changed, moved, archived, restored
  actor       text        NOT NULL,          -- user:<id>, key:<id>, system:<word>
  actor_name  text        NOT NULL,
  channel     text        NOT NULL,
  batch       uuid,
  old         jsonb,                         -- field → canonical value before; none for created
  note        jsonb,                         -- reason, override, from and to stage, gaps opened and closed
  PRIMARY KEY (xid, id)
);
CREATE INDEX events_record ON platform.events (record, version);
CREATE INDEX events_batch ON platform.events (batch, id) WHERE batch IS NOT NULL;

-- A bulk edit, an import, an undo: something done to many records that can be answered for and undone.
CREATE TABLE platform.batches (
  id          uuid        PRIMARY KEY,
  kind        text        NOT NULL,          -- bulk, import, undo
  object      text        NOT NULL,
  state       text        NOT NULL DEFAULT 'running',  -- running, done, stopped, undone
  actor       text        NOT NULL,
  actor_name  text        NOT NULL,
  actor_user  uuid,
  started_at  timestamptz NOT NULL DEFAULT now(),
  ended_at    timestamptz,
  total       integer,
  done        integer     NOT NULL DEFAULT 0,
  refused     integer     NOT NULL DEFAULT 0,
  details     jsonb       NOT NULL DEFAULT '{}',  -- file name, mapping, set, reason
  undo_of     uuid        REFERENCES platform.batches (id),
  undone_by   uuid
);

-- What a batch could not take: a refused row, or a value that was left empty, with what was there.
CREATE TABLE platform.batch_problems (
  batch       uuid        NOT NULL REFERENCES platform.batches (id),
  id          bigint      GENERATED ALWAYS AS IDENTITY,
  row_number  integer,                       -- line of the file's record, counted from 1 without the header
  record      uuid,
  field       text,
  raw         text,                          -- as it stood in the file
  refused     boolean     NOT NULL,          -- the row was refused; otherwise it loaded without this value
  errors      jsonb       NOT NULL,
  PRIMARY KEY (batch, id)
);

CREATE TABLE platform.idempotency_keys (
  principal   text        NOT NULL,
  key         text        NOT NULL,
  body_hash   bytea       NOT NULL,
  status      integer     NOT NULL,
  response    jsonb       NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (principal, key)
);
CREATE INDEX idempotency_keys_age ON platform.idempotency_keys (created_at);

CREATE TABLE platform.files (
  id          uuid        PRIMARY KEY,
  name        text        NOT NULL,
  size        bigint      NOT NULL,
  mime        text        NOT NULL,
  sha256      bytea       NOT NULL,
  stored_as   text        NOT NULL,          -- path below the file store
  created_at  timestamptz NOT NULL DEFAULT now(),
  created_by  text        NOT NULL
);
