import { it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Option, Ref, Scope } from "effect"
import { Engine, type Flow, Journal, type Runs } from "../../src/index.js"

/** A store of runs, and the engines that open it. */
export interface Store {
  /** What is recorded. */
  readonly journal: Layer.Layer<Journal.Journal>
  readonly engine: (options: Engine.Options) => Layer.Layer<Engine.Engine | Runs.Runs>
  /** The same store, to engines that write through a journal of the test's. */
  readonly over: (through: (journal: Journal.Service) => Journal.Service) => Store
}

/** Makes an empty store; every engine opens it anew. */
export type StoreFactory = Effect.Effect<Store, never, Scope.Scope>

/** A journal, for the engine of one process. */
export const storeOf = (journal: Layer.Layer<Journal.Journal>): Store => ({
  journal,
  engine: (options) => Layer.provide(Engine.layer(options), journal),
  over: (through) =>
    storeOf(
      Layer.map(journal, (context) => Context.make(Journal.Journal, through(Context.get(context, Journal.Journal))))
    )
})

export const memory: StoreFactory = Effect.map(Layer.build(Journal.layerMemory), (built) =>
  storeOf(Layer.succeedContext(built))
)

/** When a journal stops working: before or after the n-th write reached the store. */
export interface Crash {
  readonly at: number
  readonly when: "before" | "after"
}

const dead = (operation: string) => new Journal.JournalError({ operation, reason: "crashed" })

/** A store whose journal dies at its n-th write, as if the process had. */
export const crashing = (store: Store, crash: Crash, writes: Ref.Ref<number>): Store => {
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
  return store.over((inner) => ({
    ...inner,
    insert: (run, options) => write("insert", inner.insert(run, options)),
    update: (id, change) => write("update", inner.update(id, change)),
    finish: (id, end) => write("finish", inner.finish(id, end)),
    append: (entry) => write("append", inner.append(entry))
  }))
}

/** An engine that is open until `close`. */
export interface Opened<I> {
  readonly run: <A, E>(effect: Effect.Effect<A, E, Runs.Runs | I>) => Effect.Effect<A, E>
  readonly close: Effect.Effect<void>
}

export const open = <I, E>(
  store: Store,
  flows: Layer.Layer<I, E, Engine.Engine | Runs.Runs>,
  options: Engine.Options = {}
): Effect.Effect<Opened<I>, E, Scope.Scope> =>
  Effect.gen(function* () {
    const outer = yield* Effect.scope
    const scope = yield* Scope.fork(outer, { _tag: "Sequential" })
    const context: Context.Context<I | Runs.Runs | Engine.Engine> = yield* Layer.buildWithScope(
      Layer.provideMerge(flows, store.engine(options)),
      scope
    )
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

/** A test on a store of its own, with a log. */
export const contractTest =
  (factory: StoreFactory) => (what: string, body: (store: Store) => Effect.Effect<void, unknown, Log | Scope.Scope>) =>
    it.scoped(what, () => Effect.flatMap(factory, body).pipe(fresh))

export const stepsDone = (all: ReadonlyArray<string>) => all.filter((line) => line.startsWith("do "))
export const undosDone = (all: ReadonlyArray<string>) => all.filter((line) => line.startsWith("undo "))

export const said = (line: string) =>
  until(
    `"${line}"`,
    Effect.map(lines, (all) => all.includes(line))
  )

export const entriesOf = ({ journal }: Store, id: string) =>
  Effect.flatMap(Journal.Journal, (service) => service.entries(id)).pipe(Effect.provide(journal))

export const recordOf = ({ journal }: Store, id: string) =>
  Effect.flatMap(Journal.Journal, (service) => service.get(id)).pipe(
    Effect.map(Option.getOrThrow),
    Effect.provide(journal)
  )

export type { Flow }
