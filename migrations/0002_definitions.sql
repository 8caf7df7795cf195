-- Definitions: what the packs say, what the workspace says above them, and when each came into force.

-- The packs' definitions as they were when their version was applied. Kept for every version that was ever
-- in force: what an upgrade changed, and what an export stood on, is read here.
CREATE TABLE platform.pack_definitions (
  pack        text        NOT NULL,
  version     text        NOT NULL,
  sort        text        NOT NULL,          -- objects, lists, pipelines …
  key         text        NOT NULL,
  text        text        NOT NULL,          -- the file, with its comments
  definition  json        NOT NULL,          -- json, not jsonb: the order of fields and stages is kept
  PRIMARY KEY (pack, version, sort, key)
);

CREATE TABLE platform.definition_versions (
  number      integer     PRIMARY KEY,
  at          timestamptz NOT NULL DEFAULT now(),
  actor       text        NOT NULL,          -- user:<id>, key:<id>, system:<word>
  actor_name  text        NOT NULL,
  origin      text        NOT NULL,          -- packs, apply, revert
  note        text,
  packs       jsonb       NOT NULL,          -- pack → version
  changes     jsonb       NOT NULL,          -- [{sort, key, change, lines}]
  conflicts   jsonb       NOT NULL DEFAULT '[]'  -- keys that both a pack upgrade and the workspace changed
);

-- The workspace's layer: only the keys that differ from the packs. The layer as of a version is the latest
-- row of each (sort, key) up to it.
CREATE TABLE platform.workspace_definitions (
  version     integer     NOT NULL REFERENCES platform.definition_versions (number),
  sort        text        NOT NULL,
  key         text        NOT NULL,
  changes     json,                          -- what differs; null: nothing
  text        text,                          -- the file as applied, for its comments; null: the pack's
  PRIMARY KEY (sort, key, version)
);

-- What is in force. Each write reads the epoch under a shared advisory lock; a switch raises it.
CREATE TABLE platform.definition_state (
  one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
  epoch       bigint      NOT NULL,
  version     integer     NOT NULL,
  packs       json        NOT NULL           -- [{key, version, digest, needs}], each behind what it needs
);
INSERT INTO platform.definition_state (epoch, version, packs) VALUES (0, 0, '[]');
