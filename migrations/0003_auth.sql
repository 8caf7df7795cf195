-- Who may come in: sign-in data of people, API keys, roles of users, and the settings of the workspace.
CREATE SCHEMA IF NOT EXISTS auth;

-- Tables of the sign-in library (better-auth 1.7), column names in our spelling. A person is a record of the
-- object that serves as users; auth.users shares its id and follows its e-mail.
CREATE TABLE auth.users (
  id              uuid        PRIMARY KEY,
  name            text        NOT NULL,
  email           text        NOT NULL,      -- small letters
  email_verified  boolean     NOT NULL DEFAULT false,
  image           text,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  -- Checked at the end of a statement, so that two people may swap addresses in one.
  CONSTRAINT users_email UNIQUE (email) DEFERRABLE INITIALLY IMMEDIATE
);

CREATE TABLE auth.sessions (
  id          uuid        PRIMARY KEY,
  user_id     uuid        NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  token       text        NOT NULL UNIQUE,
  expires_at  timestamptz NOT NULL,
  ip_address  text,
  user_agent  text,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX sessions_user ON auth.sessions (user_id);
CREATE INDEX sessions_expiry ON auth.sessions (expires_at);

CREATE TABLE auth.accounts (
  id                        uuid        PRIMARY KEY,
  user_id                   uuid        NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
  account_id                text        NOT NULL,   -- with provider credential: the user's id
  provider_id               text        NOT NULL,   -- credential: a password
  password                  text,                   -- scrypt, salted
  access_token              text,
  refresh_token             text,
  id_token                  text,
  access_token_expires_at   timestamptz,
  refresh_token_expires_at  timestamptz,
  scope                     text,
  created_at                timestamptz NOT NULL DEFAULT now(),
  updated_at                timestamptz NOT NULL DEFAULT now(),
  UNIQUE (provider_id, account_id)
);
CREATE INDEX accounts_user ON auth.accounts (user_id);

CREATE TABLE auth.verifications (
  id          uuid        PRIMARY KEY,
  identifier  text        NOT NULL,
  value       text        NOT NULL,
  expires_at  timestamptz NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now(),
  updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX verifications_identifier ON auth.verifications (identifier);

-- Roles of users; grants add up. The user is a record, whose table is made at run time: no foreign key.
CREATE TABLE platform.user_roles (
  user_id     uuid        NOT NULL,
  role        text        NOT NULL,
  granted_at  timestamptz NOT NULL DEFAULT now(),
  granted_by  text        NOT NULL,          -- user:<id>, key:<id>, system:<word>
  PRIMARY KEY (user_id, role)
);

CREATE TABLE platform.api_keys (
  id            uuid        PRIMARY KEY,
  name          text        NOT NULL,
  prefix        text        NOT NULL UNIQUE,  -- shown in lists, and how a token finds its row
  hash          bytea       NOT NULL,         -- sha256 of the whole token; the token itself is kept nowhere
  role          text        NOT NULL,
  user_id       uuid,                         -- whom it acts as
  created_at    timestamptz NOT NULL DEFAULT now(),
  created_by    text        NOT NULL,
  last_used_at  timestamptz,                  -- to the minute
  expires_at    timestamptz,
  revoked_at    timestamptz
);

-- One row. An empty country means: no country is assumed for phone numbers written without one.
CREATE TABLE platform.workspace (
  one                boolean     PRIMARY KEY DEFAULT true CHECK (one),
  name               text        NOT NULL DEFAULT 'Groundwork',
  time_zone          text        NOT NULL DEFAULT 'UTC',
  currency           text        NOT NULL DEFAULT 'EUR',
  country            text        NOT NULL DEFAULT '',
  setup_finished_at  timestamptz
);
INSERT INTO platform.workspace DEFAULT VALUES;

-- Keys that all app processes share and nobody types, such as the one that signs cookies.
CREATE TABLE platform.secrets (
  name        text        PRIMARY KEY,
  value       text        NOT NULL,
  created_at  timestamptz NOT NULL DEFAULT now()
);

-- The one-time link that makes the first administrator. One row at most; its token is kept nowhere.
CREATE TABLE platform.setup_link (
  one         boolean     PRIMARY KEY DEFAULT true CHECK (one),
  hash        bytea       NOT NULL,
  expires_at  timestamptz NOT NULL
);

-- Each process keeps who-is-who for some seconds; whoever changes it says so to all, by any door.
CREATE FUNCTION platform.tell_access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed jsonb := CASE WHEN TG_OP = 'DELETE' THEN to_jsonb(OLD) ELSE to_jsonb(NEW) END;
BEGIN
  PERFORM pg_notify('access_changed', TG_ARGV[0] || ':' || (changed ->> TG_ARGV[1]));
  RETURN NULL;
END
$$;
CREATE TRIGGER told AFTER DELETE ON auth.sessions
  FOR EACH ROW EXECUTE FUNCTION platform.tell_access_changed('user', 'user_id');
CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON platform.user_roles
  FOR EACH ROW EXECUTE FUNCTION platform.tell_access_changed('user', 'user_id');
CREATE TRIGGER told AFTER DELETE OR UPDATE OF role, user_id, expires_at, revoked_at ON platform.api_keys
  FOR EACH ROW EXECUTE FUNCTION platform.tell_access_changed('key', 'id');
CREATE TRIGGER told AFTER UPDATE ON platform.workspace
  FOR EACH ROW EXECUTE FUNCTION platform.tell_access_changed('workspace', 'one');
