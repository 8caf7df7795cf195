-- Who took which records out of the CRM, by which filter and what for. The row is there before the first byte
-- leaves; the event that ends it (type exported) is written with its last state, and neither is ever removed.
CREATE TABLE platform.exports (
  id          uuid        PRIMARY KEY,
  object      text        NOT NULL,
  format      text        NOT NULL,          -- csv, xlsx
  state       text        NOT NULL DEFAULT 'running',  -- running, done, stopped (by its caller), failed, lost (with its process)
  actor       text        NOT NULL,          -- user:<id>, key:<id>, system:<word>
  actor_name  text        NOT NULL,
  channel     text        NOT NULL,
  started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at     timestamptz NOT NULL DEFAULT clock_timestamp(),  -- last sign of life
  ended_at    timestamptz,
  count       bigint      NOT NULL DEFAULT 0, -- records handed out so far
  reason      text,
  question    jsonb       NOT NULL           -- where, q, archived, sort, fields
);
CREATE INDEX exports_actor ON platform.exports (actor, id);
CREATE INDEX exports_running ON platform.exports (seen_at) WHERE state = 'running';
