import { it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Ref, Scope } from "effect"
import { Engine, type Flow, Journal, type Runs } from "../../src/index.js"

/** Builds a fresh journal store; each engine opens it anew. */
export type JournalFactory = Effect.Effect<Layer.Layer<Journal.Journal>, never, Scope.Scope>

export const memory: JournalFactory = Effect.map(Layer.build(Journal.layerMemory), (built) =>
  Layer.succeedContext(built)
)

/** When a journal stops working: before or after the n-th write reached the store. */
export interface Crash {
  readonly at: number
  readonly when: "before" | "after"
}

const dead = (operation: string) => new Journal.JournalError({ operation, reason: "crashed" })

/** A journal that dies at its n-th write, as if the process had. */
export const crashing = (journal: Layer.Layer<Journal.Journal>, crash: Crash, writes: Ref.Ref<number>) =>
  Layer.effect(
    Journal.Journal,
    Effect.gen(function* () {
      const inner = yield* Journal.Journal
      const write = <A>(operation: string, effect: Effect.Effect<A, Journal.JournalError>) =>
        Effect.flatMap(
          Ref.updateAndGet(writes, (n) => n + 1),
          (n) => {
            if (n > crash.at) return Effect.fail(dead(operation))
            if (n < crash.at) return effect
            return crash.when === "before"
              ? Effect.fail(dead(operation))
              : Effect.zipRight(effect, Effect.fail(dead(operation)))
          }
        )
      return Journal.Journal.of({
        ...inner,
        insert: (run, options) => write("insert", inner.insert(run, options)),
        update: (id, change) => write("update", inner.update(id, change)),
        finish: (id, end) => write("finish", inner.finish(id, end)),
        append: (entry) => write("append", inner.append(entry))
      })
    })
  ).pipe(Layer.provide(journal))

/** An engine that is open until `close`. */
export interface Opened<I> {
  readonly run: <A, E>(effect: Effect.Effect<A, E, Runs.Runs | I>) => Effect.Effect<A, E>
  readonly close: Effect.Effect<void>
}

export const open = <I, E>(
  journal: Layer.Layer<Journal.Journal>,
  flows: Layer.Layer<I, E, Engine.Engine | Runs.Runs>,
  options: Engine.Options = {}
): Effect.Effect<Opened<I>, E, Scope.Scope> =>
  Effect.gen(function* () {
    const outer = yield* Effect.scope
    const scope = yield* Scope.fork(outer, { _tag: "Sequential" })
    const layer = flows.pipe(Layer.provideMerge(Engine.layer(options)), Layer.provide(journal))
    const context: Context.Context<I | Runs.Runs | Engine.Engine> = yield* Layer.buildWithScope(layer, scope)
    return {
      run: (effect) => Effect.provide(effect, context),
      close: Scope.close(scope, Exit.void)
    }
  })

/** What happened, in the order in which it happened. */
export class Log extends Context.Tag("test/Log")<Log, Ref.Ref<ReadonlyArray<string>>>() {}

export const say = (line: string) => Effect.flatMap(Log, (log) => Ref.update(log, (lines) => [...lines, line]))

export const lines = Effect.flatMap(Log, Ref.get)

export const count = (all: ReadonlyArray<string>, line: string) => all.filter((one) => one === line).length

/** Lets what waits for fibers, then for sockets, go on. */
const turn = (looks: number) =>
  looks < 200
    ? Effect.yieldNow()
    : Effect.async<void>((resume) => {
        if (looks < 400) setImmediate(() => resume(Effect.void))
        else setTimeout(() => resume(Effect.void), 1)
      })

/** Waits until a condition holds; fails the test if it never does. */
export const until = <E, R>(what: string, condition: Effect.Effect<boolean, E, R>) =>
  Effect.flatMap(
    Effect.iterate(0, {
      while: (looks) => looks >= 0 && looks < 10_000,
      body: (looks) =>
        Effect.zipRight(
          turn(looks),
          Effect.map(condition, (holds) => (holds ? -1 : looks + 1))
        )
    }),
    (looks) => (looks === -1 ? Effect.void : Effect.dieMessage(`never came to be: ${what}`))
  )

/** Gives an effect the log of the test, so that a flow's layer need not ask for it. */
export const withLog = <A, E, R>(effect: Effect.Effect<A, E, R | Log>) =>
  Effect.map(
    Effect.context<Log>(),
    (context) => Effect.provide(effect, context) as Effect.Effect<A, E, Exclude<R, Log>>
  )

/** A log of its own for an effect. */
export const fresh = Effect.provideServiceEffect(Log, Ref.make<ReadonlyArray<string>>([]))

/** A test on a journal of its own, with a log. */
export const contractTest =
  (factory: JournalFactory) =>
  (what: string, body: (journal: Layer.Layer<Journal.Journal>) => Effect.Effect<void, unknown, Log | Scope.Scope>) =>
    it.scoped(what, () => Effect.flatMap(factory, body).pipe(fresh))

export const stepsDone = (all: ReadonlyArray<string>) => all.filter((line) => line.startsWith("do "))
export const undosDone = (all: ReadonlyArray<string>) => all.filter((line) => line.startsWith("undo "))

export const said = (line: string) =>
  until(
    `"${line}"`,
    Effect.map(lines, (all) => all.includes(line))
  )

export const entriesOf = (journal: Layer.Layer<Journal.Journal>, id: string) =>
  Effect.flatMap(Journal.Journal, (service) => service.entries(id)).pipe(Effect.provide(journal))

export const recordOf = (journal: Layer.Layer<Journal.Journal>, id: string) =>
  Effect.flatMap(Journal.Journal, (service) => service.get(id)).pipe(
    Effect.map(Option.getOrThrow),
    Effect.provide(journal)
  )

export type { Flow }
