-- Failed sign-ins and other wrong guesses, counted for all app processes together. Unlogged: a crash of the database
-- forgets them, a flood of guesses costs no log, and no standby gets them. No backup holds these rows.
CREATE UNLOGGED TABLE platform.failed_attempts (
  name   text        PRIMARY KEY,             -- sha256 of what is counted: no address and no e-mail stands here
  count  integer     NOT NULL,
  until  timestamptz NOT NULL                 -- then all is forgotten
);
CREATE INDEX failed_attempts_age ON platform.failed_attempts (until);
