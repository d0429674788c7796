import { make as makeEntityId } from "@effect/cluster/EntityId"
import { MessageStorage } from "@effect/cluster/MessageStorage"
import { RunnerStorage } from "@effect/cluster/RunnerStorage"
import { Sharding } from "@effect/cluster/Sharding"
import type { SocketServerError } from "@effect/platform/SocketServer"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Engine from "@memstore-flows/engine/Engine"
import { Journal, type JournalError } from "@memstore-flows/engine/Journal"
import { Runs } from "@memstore-flows/engine/Runs"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type Address, client, runner, storages } from "./cluster.js"
import * as ended from "./ended.js"
import * as hosts from "./host.js"
import * as messages from "./messages.js"
import * as routes from "./routes.js"
import * as runs from "./runs.js"
import * as serve from "./serve.js"
import * as shards from "./shards.js"
import { query, type Store } from "./store.js"
import * as writer from "./writer.js"

/** @internal A process of the cluster; with an address it runs flows, without one it only speaks to those that do. */
export interface Options {
  readonly address: Address | undefined
  readonly prefix: string
  readonly lease: Duration.Duration
  readonly sweep: Duration.Duration
  readonly messages: Duration.Duration
  /** The engine of this process, which takes up no run by itself. */
  readonly engine: Layer.Layer<Engine.Engine | Runs, never, Journal>
}

const nameOf = (address: Address | undefined): string => (address ? `${address.host}:${address.port}` : "client")

const open = (sql: PgClient.PgClient, { address, prefix }: Options) =>
  Effect.gen(function* () {
    const text = `INSERT INTO ${prefix}_owner (name) VALUES ($1) RETURNING epoch::float8 AS epoch`
    const [row] = yield* query<{ readonly epoch: number }>({ sql }, "open", text, [nameOf(address)])
    const epoch = row?.epoch ?? 0
    const store: Store = { sql, prefix, writer: yield* writer.make(sql, prefix, epoch) }
    return { epoch, store }
  })

const join = (sql: PgClient.PgClient, held: shards.Shards, { address, lease, prefix }: Options) =>
  Effect.gen(function* () {
    const millis = Duration.toMillis(lease)
    const scope = yield* Effect.scope
    const stored = yield* storages(sql, prefix, address, millis)
    const watched = Context.make(MessageStorage, Context.get(stored, MessageStorage)).pipe(
      Context.add(RunnerStorage, held.over(Context.get(stored, RunnerStorage)))
    )
    const kept = Layer.succeedContext(watched)
    const layer = address ? runner(address, millis, kept) : client(millis, kept)
    const context = yield* Layer.buildWithScope(layer, scope)
    return Context.get(context, Sharding)
  })

/** Takes up what belongs here: at once when there is a reason, and now and then because a reason may have been lost. */
const sweeper = (
  host: hosts.Host,
  store: Store,
  { messages: kept, sweep }: Options
): Effect.Effect<{ readonly wake: (all: boolean) => void }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const latch = yield* Effect.makeLatch(true)
    const clock = yield* Effect.clock
    let all = true
    let cleaned = clock.unsafeCurrentTimeMillis()
    const clean = Effect.suspend(() => {
      const now = clock.unsafeCurrentTimeMillis()
      if (now - cleaned < Duration.toMillis(kept) / 4) return Effect.void
      cleaned = now
      return messages.sweep(store, now - Duration.toMillis(kept))
    })
    const round = Effect.suspend(() => {
      const whole = all
      all = false
      latch.unsafeClose()
      return Effect.zipRight(host.takeUp(whole), clean)
    })
    const pause = Effect.timeoutOption(latch.await, sweep).pipe(
      Effect.tap((woken) =>
        Effect.sync(() => {
          if (woken._tag === "None") all = true
        })
      )
    )
    const once = Effect.zipRight(
      pause,
      Effect.catchAll(round, (error) => Effect.zipRight(Effect.logWarning(error.message), Effect.sleep("200 millis")))
    )
    yield* Effect.forkScoped(Effect.forever(once))
    return {
      wake: (whole) => {
        all = all || whole
        latch.unsafeOpen()
      }
    }
  })

/** @internal A process that belongs to the cluster. */
export interface Member {
  readonly services: Context.Context<Engine.Engine | Runs>
  /** The shards whose runs are its own. */
  readonly held: ReadonlySet<number>
}

/** @internal */
export const make = (
  options: Options
): Effect.Effect<Member, JournalError | SocketServerError, PgClient.PgClient | Scope.Scope> =>
  Effect.gen(function* () {
    const { address, lease } = options
    const scope = yield* Effect.scope
    const sql = yield* PgClient.PgClient
    const held = yield* shards.make(Duration.toMillis(lease))
    const sharding = yield* join(sql, held, options)
    const { epoch, store } = yield* open(sql, options)
    const routed = yield* Effect.provideService(routes.make, Sharding, sharding)
    let wake = (_all: boolean): void => {}
    const host = yield* hosts.make({
      store,
      identity: { epoch, address: nameOf(address), lease: Duration.toMillis(lease) },
      shards: held,
      routes: routed,
      shardOf: (id) => sharding.getShardId(makeEntityId(id), "default").id,
      woken: () => wake(false)
    })
    const journal = address ? host.journal : { ...host.journal, evict: () => Effect.succeed(0) }
    const ending = yield* ended.make(sql, options.prefix, host.shardOf, journal.get)
    const inner = yield* Layer.buildWithScope(Layer.provide(options.engine, Layer.succeed(Journal, journal)), scope)
    const registry = Context.get(inner, Engine.Engine)
    const engine = Context.get(inner, Runs)
    host.employ({
      flows: () => Array.from(registry.core.handlers.keys()),
      resume: engine.resume,
      detach: engine.detach
    })
    if (address) {
      yield* Layer.buildWithScope(Layer.provide(serve.layer(engine, host), Layer.succeed(Sharding, sharding)), scope)
      const sweeping = yield* sweeper(host, store, options)
      wake = sweeping.wake
      held.listen({ gained: Effect.sync(() => wake(true)), lost: host.lose })
      yield* held.watch
      wake(true)
    }
    const closed = yield* Effect.makeLatch()
    yield* Effect.addFinalizer(() => closed.open)
    const outer = runs.make({ engine, host, routes: routed, ended: ending, closed: closed.await })
    const register: typeof registry.register = (handler) =>
      Effect.zipRight(
        registry.register(handler),
        Effect.sync(() => wake(true))
      )
    const services = Context.make(Engine.Engine, { ...registry, register }).pipe(Context.add(Runs, outer))
    return { services, held: held.held }
  })

/** @internal */
export const layer = (
  options: Options
): Layer.Layer<Engine.Engine | Runs, JournalError | SocketServerError, PgClient.PgClient> =>
  Layer.scopedContext(Effect.map(make(options), ({ services }) => services))
