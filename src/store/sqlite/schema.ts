/**
 * Data: the tables of the SQLite backend, by version. Every message row knows when (in its account's change log) it was created and last
 * changed; tombstones say when one went. Bodies, heads (summary and prefix) and rows are apart, so that a scan of one reads
 * nothing of the others. RFC 7162 (modseq), RFC 9051 section 2.3 (UIDs).
 */

export const SCHEMA_VERSION = 4
/** 'Post': names the file as ours (PRAGMA application_id). */
export const APPLICATION_ID = 0x506f7374

/** Since version 2. */
const threadIds = `
CREATE TABLE thread_ids (  -- Message-IDs of an account and the threads they are in: threading.ts
  account INTEGER, generation INTEGER, hash INTEGER, thread INTEGER NOT NULL, PRIMARY KEY (account, generation, hash)
) WITHOUT ROWID;
`

/** Since version 3. */
const digests = `
CREATE TABLE digests (           -- what is asked of many messages at once, of neighbouring blobs: digest.ts
  first INTEGER PRIMARY KEY,     -- the number of its first blob
  last INTEGER NOT NULL,
  envelopes BLOB NOT NULL,
  fields BLOB NOT NULL,
  words BLOB NOT NULL,
  rare BLOB NOT NULL,
  texts BLOB NOT NULL
);
CREATE TABLE digests_stale (first INTEGER PRIMARY KEY); -- digests that hold what is gone: to be made anew
`

/** Since version 4. */
const queue = `
CREATE TABLE queue (             -- what is to leave, a row a recipient: queue-change.ts
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  state INTEGER NOT NULL,        -- 0 waiting, 1 held
  next_at INTEGER NOT NULL,
  blob INTEGER NOT NULL,         -- of blobs; negative: of leaving
  variant INTEGER NOT NULL,
  size INTEGER NOT NULL,
  message TEXT NOT NULL,
  account INTEGER,
  sender TEXT NOT NULL,
  recipient TEXT NOT NULL,
  domain TEXT NOT NULL,
  why TEXT NOT NULL,
  queued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  options TEXT NOT NULL,
  last TEXT NOT NULL DEFAULT ''
);
CREATE INDEX queue_due ON queue (state, next_at);
CREATE INDEX queue_blob ON queue (blob);
CREATE TABLE leaving (           -- bodies that are in no mailbox, gone with the last row of queue that names them
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  size INTEGER NOT NULL,         -- octets of the body
  kind INTEGER NOT NULL,         -- body.ts
  prefix TEXT NOT NULL,
  data BLOB NOT NULL
);
`

export const schema = `
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'active',
  quota_bytes INTEGER NOT NULL,
  used_bytes INTEGER NOT NULL DEFAULT 0,
  messages INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  mod_seq INTEGER NOT NULL DEFAULT 1,
  uid_validity INTEGER NOT NULL DEFAULT 0,
  settings TEXT NOT NULL
);
CREATE TABLE domains (name TEXT PRIMARY KEY, settings TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE addresses (
  address TEXT PRIMARY KEY,
  domain TEXT NOT NULL,
  state TEXT NOT NULL,
  account INTEGER,
  targets TEXT,
  says TEXT,
  valid_from INTEGER,
  valid_until INTEGER
) WITHOUT ROWID;
CREATE INDEX addresses_domain ON addresses (domain);
CREATE INDEX addresses_account ON addresses (account) WHERE account IS NOT NULL;

CREATE TABLE mailboxes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  account INTEGER NOT NULL,
  name TEXT NOT NULL,
  uid_validity INTEGER NOT NULL,
  uid_next INTEGER NOT NULL DEFAULT 1,
  special_use TEXT,
  mod_seq INTEGER NOT NULL,
  messages INTEGER NOT NULL DEFAULT 0,
  unseen INTEGER NOT NULL DEFAULT 0,
  deleted INTEGER NOT NULL DEFAULT 0,
  size INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  horizon INTEGER NOT NULL DEFAULT 0, -- tombstones up to this place in the change log are gone
  UNIQUE (account, name)
);
CREATE TABLE subscriptions (account INTEGER, name TEXT, PRIMARY KEY (account, name)) WITHOUT ROWID;

CREATE TABLE messages (
  mailbox INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  keywords INTEGER NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  size INTEGER NOT NULL,
  internal_date INTEGER NOT NULL,
  saved_date INTEGER NOT NULL,
  blob INTEGER NOT NULL,
  variant INTEGER NOT NULL, -- which prefix of the blob; with the blob it is the EMAILID (RFC 8474)
  thread INTEGER NOT NULL,
  PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX messages_changed ON messages (mailbox, changed);
CREATE INDEX messages_blob ON messages (blob);
CREATE TABLE tombstones (
  mailbox INTEGER NOT NULL,
  gone INTEGER NOT NULL,
  uid INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (mailbox, gone, uid)
) WITHOUT ROWID;

CREATE TABLE keywords (account INTEGER, lower TEXT, spelling TEXT NOT NULL, PRIMARY KEY (account, lower)) WITHOUT ROWID;
CREATE TABLE keyword_sets (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, words TEXT NOT NULL, UNIQUE (account, words)
);

CREATE TABLE blobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  size INTEGER NOT NULL,   -- octets of the body as it is read
  form INTEGER NOT NULL,   -- head.ts: with the body, or without
  head BLOB NOT NULL       -- summary and first prefix, compressed
);
CREATE TABLE bodies (      -- of the blobs whose form is apart
  blob INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,   -- how it is kept: body.ts
  data BLOB NOT NULL       -- the octets, or the name of a file below bodies/
);
CREATE TABLE variants (blob INTEGER, variant INTEGER, prefix TEXT NOT NULL, PRIMARY KEY (blob, variant)) WITHOUT ROWID;
CREATE TABLE loose (blob INTEGER PRIMARY KEY); -- blobs that lost a row: tidy looks whether another is left

CREATE TABLE rights (
  mailbox INTEGER, who TEXT, rights TEXT NOT NULL, PRIMARY KEY (mailbox, who)
) WITHOUT ROWID;
CREATE INDEX rights_who ON rights (who);
CREATE TABLE metadata (
  account INTEGER, mailbox INTEGER, name TEXT, value BLOB NOT NULL, PRIMARY KEY (account, mailbox, name)
) WITHOUT ROWID;

CREATE TABLE receipts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  keep_until INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  data BLOB NOT NULL
);
CREATE INDEX receipts_at ON receipts (at);
CREATE INDEX receipts_keep ON receipts (keep_until);
CREATE TABLE memos (
  space TEXT, key TEXT, value BLOB NOT NULL, expires_at INTEGER, PRIMARY KEY (space, key)
) WITHOUT ROWID;
CREATE INDEX memos_expire ON memos (expires_at) WHERE expires_at IS NOT NULL;
${threadIds}${digests}${queue}`

/** What to run to go from a version to the next. */
export const migrations: Readonly<Record<number, string>> = { 1: threadIds, 2: digests, 3: queue }
