import type * as Flow from "@memstore-flows/engine/Flow"
import { PayloadInvalid } from "@memstore-flows/engine/RunError"
import * as Runs from "@memstore-flows/engine/Runs"
import * as Schedule from "@memstore-flows/engine/Schedule"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import type * as Runtime from "effect/Runtime"
import * as Schema from "effect/Schema"
import type { AnyFlow, Catalog, PureSchema } from "../Catalog.js"
import { FlowsClosed } from "../FlowsClosed.js"
import type { Executing, MemStoreFlows, ScheduleOptions, Starting, Waiting } from "../MemStoreFlows.js"
import { iterate, promise } from "./bridge.js"

/** @internal The engine underneath. */
export interface Host {
  readonly runtime: Runtime.Runtime<Runs.Runs>
  readonly isClosed: () => boolean
  readonly close: () => Promise<void>
}

type Contract = Flow.Flow<string, PureSchema, PureSchema, PureSchema>

/** `PureSchema` is `Schema<A, I>` in other words. */
const schemaOf = (schema: PureSchema) => schema as unknown as Schema.Schema<unknown, unknown>

const decoded = (flow: AnyFlow, json: unknown) =>
  Effect.mapError(
    ParseResult.decodeUnknown(schemaOf(flow.payload), { errors: "all" })(json),
    (issue) => new PayloadInvalid({ of: `flow ${flow.name}`, reason: ParseResult.TreeFormatter.formatIssueSync(issue) })
  )

const startOf = ({ id, waitForLock }: Starting) => ({
  ...(id === undefined ? {} : { id }),
  ...(waitForLock === undefined ? {} : { waitForLock })
})

/** @internal */
export const make = (catalog: Catalog, { close, isClosed, runtime }: Host): MemStoreFlows<Catalog> => {
  const ask = <A, E, R>(effect: Effect.Effect<A, E, R>, { signal }: Waiting = {}): Promise<A> =>
    // The flows of the catalog are implemented in this runtime; the types cannot say so of a name not known to them.
    isClosed() ? Promise.reject(new FlowsClosed()) : promise(runtime, effect as Effect.Effect<A, E, Runs.Runs>, signal)

  const named = (name: string): Effect.Effect<Contract> => {
    const entry = catalog[name]
    if (entry === undefined) return Effect.die(new TypeError(`there is no flow ${name}`))
    // An entry says nothing of `toLayer`, which depends on the flow's name, and which nobody calls here.
    return Effect.succeed(entry.flow as Contract)
  }

  const given = (name: string, json: unknown) =>
    Effect.flatMap(named(name), (flow) => Effect.map(decoded(flow, json), (payload) => ({ flow, payload })))

  const start = (name: string, json: unknown, options: Starting = {}) =>
    ask(
      Effect.flatMap(given(name, json), ({ flow, payload }) => Runs.start(flow, { payload, ...startOf(options) })),
      options
    )

  const run = (name: string, json: unknown, options: Executing = {}) =>
    ask(
      Effect.flatMap(given(name, json), ({ flow, payload }) =>
        Runs.execute(flow, { payload, ...startOf(options), cancelOnInterrupt: options.cancelOnAbort ?? false })
      ),
      options
    )

  const cron = (name: string, { payload: json, ...options }: ScheduleOptions<unknown>) =>
    ask(Effect.flatMap(given(name, json), ({ flow, payload }) => Schedule.cron(flow, { ...options, payload })))

  return {
    start,
    run,
    result: (name, id, options) =>
      ask(
        Effect.flatMap(named(name), (flow) => Runs.result(flow, id)),
        options
      ),
    outcome: (name, id, options) =>
      ask(
        Effect.flatMap(named(name), (flow) => Runs.outcome(flow, id)),
        options
      ),
    get: (id) => ask(Runs.get(id)),
    list: (options) => ask(Runs.list(options)),
    events: (id, { signal } = {}) => {
      if (isClosed()) throw new FlowsClosed()
      return iterate(runtime, Runs.events(id), signal)
    },
    cancel: (id) => ask(Runs.cancel(id)),
    resume: (id) => ask(Runs.resume(id)),
    signal: (id, signal, payload, options) => ask(Runs.signal(id, signal, payload, options)),
    isErrorOf: (name, error): error is never => {
      const entry = catalog[name]
      return entry !== undefined && Schema.is(schemaOf(entry.flow.error))(error)
    },
    schedules: {
      cron,
      get: (name) => ask(Schedule.get(name)),
      list: (name) => ask(Effect.flatMap(named(name), Schedule.list)),
      next: (name, count) => ask(Schedule.next(name, count)),
      history: (name, options) => ask(Schedule.history(name, options)),
      pause: (name) => ask(Schedule.pause(name)),
      resume: (name) => ask(Schedule.resume(name)),
      trigger: (name) => ask(Schedule.trigger(name)),
      remove: (name) => ask(Schedule.remove(name))
    },
    close,
    [Symbol.asyncDispose]: close
  }
}
