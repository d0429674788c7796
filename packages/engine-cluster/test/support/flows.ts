import { PgClient } from "@effect/sql-pg"
import { Flow, Run, Schedule, Signal, Step } from "@memstore-flows/engine"
import { Clock, Duration, Effect, Layer, Option, Schema } from "effect"

/** The world outside: what was done to it, by whom, in the order in which it happened. */
export interface Deed {
  readonly who: string
  readonly run: string
  readonly what: string
  readonly at: number
}

export const world = "CREATE TABLE IF NOT EXISTS deed (seq serial, who text, run text, what text, at float8)"

const doing = (sql: PgClient.PgClient, who: string) => (run: string, what: string) =>
  Effect.flatMap(Clock.currentTimeMillis, (at) =>
    Effect.orDie(sql`INSERT INTO deed (who, run, what, at) VALUES (${who}, ${run}, ${what}, ${at})`)
  ).pipe(Effect.asVoid)

const Payload = Schema.Struct({ id: Schema.String, ms: Schema.Number })

export const Work = Flow.make({ name: "work", payload: Payload, success: Schema.String })
export const Nap = Flow.make({ name: "nap", payload: Payload, success: Schema.Number })
export const Approval = Signal.make("approval", Schema.Struct({ by: Schema.String }))
export const Ask = Flow.make({ name: "ask", payload: Payload, success: Schema.String, resource: () => "the cluster" })

export const Tick = Flow.make({ name: "tick", payload: Schema.Struct({}) })

/** The flows as a runner of this name runs them. */
export const flows = (who: string) =>
  Layer.unwrapEffect(
    Effect.map(PgClient.PgClient, (sql) => {
      const deed = doing(sql, who)
      const spoken = (run: string, name: string, then: Effect.Effect<unknown> = Effect.void) =>
        Step.withIntent(name, {
          intent: Schema.String,
          prepare: Effect.succeed(who),
          run: () => Effect.zipRight(deed(run, name), then).pipe(Effect.asVoid),
          undo: (_by, result) => deed(run, `undo ${name}${Option.isNone(result) ? "?" : ""}`)
        })
      const ticking = (run: string, ms: number) =>
        Effect.repeatN(Effect.delay(deed(run, "tick"), "100 millis"), Math.round(ms / 100))
      const tick = Tick.toLayer(() => Effect.flatMap(Run.Run, ({ id }) => spoken(id, "first")))
      return Layer.mergeAll(
        Layer.provideMerge(Schedule.layer(Tick), tick),
        Work.toLayer(({ id, ms }) =>
          Effect.gen(function* () {
            yield* spoken(id, "first")
            yield* spoken(id, "busy", ticking(id, ms))
            yield* spoken(id, "last")
            return who
          })
        ),
        Nap.toLayer(({ id, ms }) =>
          Effect.gen(function* () {
            yield* spoken(id, "first")
            yield* Step.sleep("nap", Duration.millis(ms))
            return yield* Step.make("awake", { success: Schema.Number, run: Clock.currentTimeMillis })
          })
        ),
        Ask.toLayer(({ id }) =>
          Effect.gen(function* () {
            yield* spoken(id, "first")
            const { by } = yield* Signal.wait(Approval)
            yield* spoken(id, "go")
            return by
          })
        )
      )
    })
  )
