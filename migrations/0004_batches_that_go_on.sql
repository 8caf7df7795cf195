-- A batch that runs can be asked to pause, and goes on in any process exactly where it stopped. Whoever runs it
-- holds an advisory lock in a session of its own: a killed process loses it at once.
ALTER TABLE platform.batches
  ADD COLUMN runner     uuid,                           -- of this run; what an earlier runner writes is refused
  ADD COLUMN asked      text,                           -- pause: the runner stops behind the rows it has in hand
  ADD COLUMN background boolean NOT NULL DEFAULT false, -- it goes on by itself when its process dies
  ADD COLUMN position   jsonb,                          -- how far it is, committed with what it wrote
  ADD COLUMN setup      jsonb;                          -- import: the file, the mapping, the options, what was decided
COMMENT ON COLUMN platform.batches.state IS 'running, paused, stopped, done, undone';
CREATE INDEX batches_undo_of ON platform.batches (undo_of) WHERE undo_of IS NOT NULL;
CREATE INDEX batches_actor ON platform.batches (actor, id);
CREATE INDEX batches_file ON platform.batches ((setup -> 'file' ->> 'sha256')) WHERE kind = 'import';

ALTER TABLE platform.batch_problems
  ADD COLUMN object text,   -- of the record, where it is not the batch's
  ADD COLUMN code   text;   -- of the refusal as a whole

-- Rows of an import, and links of rows that are loaded, that wait for later rows of the same file.
CREATE TABLE platform.batch_waiting (
  batch  uuid   NOT NULL REFERENCES platform.batches (id),
  id     bigint GENERATED ALWAYS AS IDENTITY,
  sort   text   NOT NULL,   -- row, link
  row    jsonb  NOT NULL,
  PRIMARY KEY (batch, sort, id)
);
