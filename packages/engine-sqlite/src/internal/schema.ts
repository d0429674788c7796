import type Libsql from "libsql"

/** @internal Says in the file's header that the file is ours. */
export const applicationId = 0x4d53464a

/** @internal */
export const version = 1

const ddl = `
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
INSERT INTO schema_version (version) VALUES (${version});
PRAGMA application_id = ${applicationId};
`

const number = (db: Libsql.Database, sql: string): number => {
  const row = db.prepare(sql).raw().get()
  return Array.isArray(row) && typeof row[0] === "number" ? row[0] : 0
}

/** @internal What a file is to us. */
export type Content = "empty" | "ours" | "foreign" | { readonly newer: number }

/** @internal */
export const inspect = (db: Libsql.Database): Content => {
  if (number(db, "PRAGMA application_id") !== applicationId) {
    return number(db, "SELECT count(*) FROM sqlite_master") === 0 ? "empty" : "foreign"
  }
  const found = number(db, "SELECT max(version) FROM schema_version")
  return found > version ? { newer: found } : "ours"
}

/** @internal Makes the tables, inside the transaction of the caller. */
export const create = (db: Libsql.Database): void => {
  db.exec(ddl)
}
