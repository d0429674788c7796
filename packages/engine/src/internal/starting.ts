import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type { Flow } from "../Flow.js"
import type * as Journal from "../Journal.js"
import { Busy, PayloadInvalid, RunIdTaken } from "../RunError.js"
import type { StartError, StartOptions } from "../Runs.js"
import { andThen } from "./atOnce.js"
import { codecOf, type PureSchema } from "./codec.js"
import { type Core, handlerOf } from "./core.js"
import { adopt, attach } from "./driver.js"
import type { Handler } from "./live.js"
import { started } from "./tracing.js"

const now = (core: Core) => core.clock.unsafeCurrentTimeMillis()

const digits = 11

/** 53 random bits behind the time: ids sort by time. */
const newId = (core: Core): Effect.Effect<string> =>
  Effect.map(Random.next, (n) => `${now(core).toString(36)}-${(n * 2 ** 53).toString(36).padStart(digits, "0")}`)

const sorted = (_key: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

/** @internal Whether two JSON texts say the same. */
export const sameJson = (a: string | null, b: string | null): boolean => {
  if (a === b || a === null || b === null) return a === b
  return JSON.stringify(JSON.parse(a), sorted) === JSON.stringify(JSON.parse(b), sorted)
}

/** @internal */
export const encode = <P extends PureSchema>(of: string, schema: P, value: P["Type"]) =>
  Effect.mapError(codecOf(schema).toText(value), ({ reason }) => new PayloadInvalid({ of, reason }))

/** A flow as far as starting a run of it goes. */
type Startable<P extends PureSchema> = Pick<
  Flow<string, P, PureSchema, PureSchema>,
  "name" | "version" | "payload" | "resource"
>

const refused = (resource: string | null, holder: Journal.RunRecord): Busy => {
  const { createdAt, flow, id: run, startedAt } = holder
  return new Busy({ resource: resource ?? "", holder: { run, flow, since: startedAt ?? createdAt } })
}

const begun = (
  core: Core,
  handler: Handler,
  run: Journal.NewRun,
  inserted: Journal.Inserted
): Effect.Effect<Journal.RunRecord, StartError> => {
  if (inserted._tag === "Busy") {
    handler.meters.refused(1)
    return refused(run.resource, inserted.holder)
  }
  const { run: record } = inserted
  if (inserted._tag === "Exists") {
    const same = record.flow === run.flow && record.version === run.version && sameJson(record.payload, run.payload)
    return same ? Effect.succeed(record) : new RunIdTaken({ run: run.id, flow: record.flow, version: record.version })
  }
  adopt(core, record, handler, [], false)
  return record.state === "queued" ? Effect.as(recheck(core, run.id), record) : Effect.succeed(record)
}

/** The run may have come to its turn between being inserted and being known here. */
const recheck = (core: Core, id: string) =>
  Effect.flatMap(core.journal.get(id), (record) =>
    Option.isSome(record) && record.value.state === "running" ? attach(core, record.value, false) : Effect.void
  )

/** @internal Adds a run to the journal, and begins it. */
export const start = <P extends PureSchema>(
  core: Core,
  flow: Startable<P>,
  options: StartOptions<P>
): Effect.Effect<Journal.RunRecord, StartError> =>
  Effect.withFiberRuntime<Journal.RunRecord, StartError>((fiber) => {
    const { name, version } = flow
    const handler = handlerOf(core, { flow: name, version })
    if (!handler || core.closed) return Effect.dieMessage(`flow ${name}@${version} is not implemented here`)
    const resource = flow.resource(options.payload) ?? null
    const wait = options.waitForLock ?? false
    const nanos = () => core.clock.unsafeCurrentTimeNanos()
    const insert = (id: string, payload: string | null) =>
      started(fiber, { id, flow: name }, nanos, (trace) => {
        const run = { id, flow: name, version, resource, payload, createdAt: now(core), trace }
        return andThen(core.journal.insert(run, { wait }), (inserted) => begun(core, handler, run, inserted))
      })
    const { id } = options
    return Effect.flatMap(encode(`flow ${name}`, flow.payload, options.payload), (payload) =>
      id === undefined ? Effect.flatMap(newId(core), (made) => insert(made, payload)) : insert(id, payload)
    )
  }).pipe(Effect.uninterruptible)
