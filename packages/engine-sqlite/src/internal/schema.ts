import type Libsql from "libsql"

/** @internal Says in the file's header that the file is ours. */
export const applicationId = 0x4d53464a

const first = `
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE TABLE run (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  flow TEXT NOT NULL,
  version INTEGER NOT NULL,
  resource TEXT,
  payload TEXT,
  state TEXT NOT NULL
    CHECK (state IN ('queued', 'running', 'cancelling', 'undoing', 'succeeded', 'failed', 'cancelled')),
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  cancel_requested_at INTEGER,
  ended_at INTEGER,
  outcome TEXT
);
CREATE INDEX run_state ON run (state, seq);
CREATE INDEX run_resource ON run (resource, seq) WHERE resource IS NOT NULL;
CREATE UNIQUE INDEX run_holder ON run (resource)
  WHERE resource IS NOT NULL AND state IN ('running', 'cancelling', 'undoing');
CREATE INDEX run_line ON run (resource, seq) WHERE state = 'queued';
CREATE INDEX run_ended ON run (ended_at, seq) WHERE ended_at IS NOT NULL;
CREATE TABLE entry (
  seq INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('intent', 'step', 'undo', 'sleep', 'wait', 'signal')),
  name TEXT NOT NULL,
  exit TEXT NOT NULL CHECK (exit IN ('success', 'failure', 'defect')),
  value TEXT,
  undo INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  at INTEGER NOT NULL
);
CREATE UNIQUE INDEX entry_identity ON entry (run, kind, name);
INSERT INTO schema_version (version) VALUES (1);
PRAGMA application_id = ${applicationId};
`

const second = `
ALTER TABLE run ADD COLUMN trace TEXT;
ALTER TABLE entry ADD COLUMN branch TEXT;
`

const third = `
ALTER TABLE entry RENAME TO entry_before;
CREATE TABLE entry (
  run INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('intent', 'step', 'undo', 'sleep', 'wait', 'signal')),
  name TEXT NOT NULL,
  seq INTEGER NOT NULL,
  exit TEXT NOT NULL CHECK (exit IN ('success', 'failure', 'defect')),
  value TEXT,
  undo INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (run, kind, name)
) WITHOUT ROWID;
INSERT INTO entry (run, kind, name, seq, exit, value, undo, started_at, at, branch)
  SELECT run, kind, name, seq, exit, value, undo, started_at, at, branch FROM entry_before;
CREATE TABLE entry_number (next INTEGER NOT NULL);
INSERT INTO entry_number (next) SELECT coalesce(max(seq), 0) + 1 FROM entry_before;
DROP TABLE entry_before;
`

/** What makes a file of each version out of one of the version before. */
const versions = [first, second, third]

/** @internal */
export const version = versions.length

const number = (db: Libsql.Database, sql: string): number => {
  const row = db.prepare(sql).raw().get()
  return Array.isArray(row) && typeof row[0] === "number" ? row[0] : 0
}

/** @internal What a file is to us. */
export type Content = { readonly version: number } | "foreign"

/** @internal An empty file has version 0. */
export const inspect = (db: Libsql.Database): Content => {
  if (number(db, "PRAGMA application_id") !== applicationId) {
    return number(db, "SELECT count(*) FROM sqlite_master") === 0 ? { version: 0 } : "foreign"
  }
  return { version: number(db, "SELECT max(version) FROM schema_version") }
}

/** @internal Makes the tables what this version wants them to be, inside the transaction of the caller. */
export const migrate = (db: Libsql.Database, from: number): void => {
  if (from >= version) return
  for (const sql of versions.slice(from)) db.exec(sql)
  db.exec(`UPDATE schema_version SET version = ${version}`)
}
