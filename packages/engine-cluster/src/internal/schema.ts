/** @internal */
export const version = 1

/** @internal The name of a table or function of ours. */
export const named = (prefix: string, name: string): string => `${prefix}_${name}`

const tables = (p: string): string => `
CREATE TABLE ${p}_owner (
  epoch bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE ${p}_run (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id text NOT NULL UNIQUE,
  flow text NOT NULL,
  version integer NOT NULL,
  resource text,
  payload text,
  state text NOT NULL
    CHECK (state IN ('queued', 'running', 'cancelling', 'undoing', 'succeeded', 'failed', 'cancelled')),
  shard integer NOT NULL,
  epoch bigint NOT NULL,
  created_at float8 NOT NULL,
  started_at float8,
  cancel_requested_at float8,
  ended_at float8,
  outcome text,
  trace text
) WITH (fillfactor = 70);
CREATE INDEX ${p}_run_state ON ${p}_run (state, seq);
CREATE INDEX ${p}_run_resource ON ${p}_run (resource, seq) WHERE resource IS NOT NULL;
CREATE UNIQUE INDEX ${p}_run_holder ON ${p}_run (resource)
  WHERE resource IS NOT NULL AND state IN ('running', 'cancelling', 'undoing');
CREATE INDEX ${p}_run_line ON ${p}_run (resource, seq) WHERE state = 'queued';
CREATE INDEX ${p}_run_open ON ${p}_run (shard, seq) WHERE ended_at IS NULL;
CREATE INDEX ${p}_run_ended ON ${p}_run (ended_at, seq) WHERE ended_at IS NOT NULL;
CREATE TABLE ${p}_entry (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('intent', 'step', 'undo', 'sleep', 'wait', 'signal')),
  name text NOT NULL,
  exit text NOT NULL CHECK (exit IN ('success', 'failure', 'defect')),
  value text,
  undo boolean NOT NULL,
  branch text,
  started_at float8 NOT NULL,
  at float8 NOT NULL,
  UNIQUE (run, kind, name)
);
`

const write = (p: string): string => `
CREATE FUNCTION ${p}_write_${version}(me bigint, ops jsonb) RETURNS jsonb LANGUAGE plpgsql AS $body$
DECLARE
  op record;
  known ${p}_run;
  holder ${p}_run;
  made ${p}_run;
  number bigint;
  key integer;
  answers jsonb[] := '{}';
BEGIN
  FOR key IN
    SELECT DISTINCT hashtext(resource) FROM (
      SELECT x.resource FROM jsonb_to_recordset(ops) AS x(resource text)
      UNION ALL
      SELECT r.resource FROM jsonb_to_recordset(ops) AS x(op text, run text)
      JOIN ${p}_run r ON r.id = x.run WHERE x.op = 'finish'
    ) AS wanted WHERE resource IS NOT NULL ORDER BY 1
  LOOP
    PERFORM pg_advisory_xact_lock(${lockClass}, key);
  END LOOP;
  PERFORM 1 FROM ${p}_run
    WHERE id IN (SELECT x.run FROM jsonb_to_recordset(ops) AS x(run text)) ORDER BY seq FOR NO KEY UPDATE;
  FOR op IN SELECT * FROM jsonb_to_recordset(ops) AS x(
    op text, run text, kind text, name text, exit text, value text, undo boolean, branch text, started_at float8,
    at float8, flow text, version integer, resource text, payload text, trace text, shard integer, mine boolean,
    wait boolean, state text, set_state boolean, set_cancel boolean, set_outcome boolean)
  LOOP
    SELECT * INTO known FROM ${p}_run WHERE id = op.run;
    IF op.op = 'append' THEN
      IF NOT FOUND THEN
        answers := answers || 'null'::jsonb;
      ELSIF known.epoch <> me THEN
        answers := answers || '"fenced"'::jsonb;
      ELSE
        INSERT INTO ${p}_entry (run, kind, name, exit, value, undo, branch, started_at, at)
          VALUES (known.seq, op.kind, op.name, op.exit, op.value, op.undo, op.branch, op.started_at, op.at)
          ON CONFLICT DO NOTHING RETURNING seq INTO number;
        answers := answers || coalesce(to_jsonb(number), 'null'::jsonb);
      END IF;
    ELSIF op.op = 'insert' THEN
      holder := NULL;
      IF NOT FOUND AND op.resource IS NOT NULL THEN
        SELECT * INTO holder FROM ${p}_run
          WHERE resource = op.resource AND state IN ('running', 'cancelling', 'undoing');
      END IF;
      IF known.id IS NOT NULL THEN
        answers := answers || jsonb_build_object('exists', to_jsonb(known));
      ELSIF holder.id IS NOT NULL AND NOT op.wait THEN
        answers := answers || jsonb_build_object('holder', to_jsonb(holder));
      ELSE
        INSERT INTO ${p}_run (id, flow, version, resource, payload, state, shard, epoch, created_at, started_at, trace)
          VALUES (op.run, op.flow, op.version, op.resource, op.payload,
            CASE WHEN holder.id IS NULL THEN 'running' ELSE 'queued' END, op.shard,
            CASE WHEN op.mine THEN me ELSE 0 END, op.at, CASE WHEN holder.id IS NULL THEN op.at END, op.trace)
          ON CONFLICT (id) DO NOTHING RETURNING * INTO made;
        IF made.id IS NULL THEN
          SELECT * INTO known FROM ${p}_run WHERE id = op.run;
          answers := answers || jsonb_build_object('exists', to_jsonb(known));
        ELSE
          answers := answers || jsonb_build_object('made', to_jsonb(made));
        END IF;
      END IF;
    ELSIF NOT FOUND OR known.ended_at IS NOT NULL THEN
      answers := answers || 'null'::jsonb;
    ELSIF known.epoch <> me THEN
      answers := answers || '"fenced"'::jsonb;
    ELSIF op.op = 'update' THEN
      UPDATE ${p}_run SET
        state = CASE WHEN op.set_state THEN op.state ELSE state END,
        cancel_requested_at = CASE WHEN op.set_cancel THEN op.at ELSE cancel_requested_at END,
        outcome = CASE WHEN op.set_outcome THEN op.value ELSE outcome END
        WHERE seq = known.seq;
      answers := answers || 'null'::jsonb;
    ELSE
      UPDATE ${p}_run SET state = op.state, ended_at = op.at, outcome = op.value WHERE seq = known.seq;
      PERFORM pg_notify('${p}_ended', known.shard::text);
      made := NULL;
      IF known.resource IS NOT NULL AND known.state <> 'queued' THEN
        UPDATE ${p}_run SET state = 'running', started_at = op.at WHERE seq = (
          SELECT seq FROM ${p}_run WHERE resource = known.resource AND state = 'queued' ORDER BY seq LIMIT 1
        ) RETURNING * INTO made;
      END IF;
      answers := answers || CASE WHEN made.id IS NULL THEN 'null'::jsonb ELSE to_jsonb(made) END;
    END IF;
  END LOOP;
  RETURN to_jsonb(answers);
END
$body$;
`

/** @internal Keeps our advisory locks apart from those of others. */
export const lockClass = 0x4d53464a

/** @internal Makes the tables and functions of version 1. */
export const create = (prefix: string): string => `
${tables(prefix)}
${write(prefix)}
CREATE TABLE ${prefix}_version (version integer NOT NULL);
INSERT INTO ${prefix}_version (version) VALUES (${version});
`
