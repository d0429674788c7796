/** The cloud that processes call over HTTP. It lives in the process of the test, and outlives theirs. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import * as Emulator from "@memstore-flows/emulator/Emulator"
import * as EmulatorClient from "@memstore-flows/emulator/EmulatorClient"
import { EmulatorServer } from "@memstore-flows/emulator/EmulatorServer"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type CloudServices, shardsOf } from "../support/Cloud.js"
import { shape } from "../support/Scenario.js"
import { onItsWay } from "./Points.js"

/** How much older the cloud is at each request: its work takes so many looks, however fast the machine is. */
const pace = 400

const pacedClock = Effect.map(Clock.currentTimeMillis, (start) => {
  let now = start
  const add = (millis: number) => {
    now += millis
  }
  const currentTimeMillis = Effect.sync(() => now)
  const nanos = () => BigInt(Math.round(now)) * 1_000_000n
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => now,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis,
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.zipRight(
        Effect.yieldNow(),
        Effect.sync(() => add(Duration.toMillis(duration)))
      )
  }
  return { clock, step: () => add(pace) }
})

interface OnItsWay {
  /** Ends the process that sent a request on its way, and returns when it is gone. */
  readonly kill: Effect.Effect<void>
}

/** A cloud of its own, with its address. */
export const make = Effect.gen(function* () {
  const { clock, step } = yield* pacedClock
  const inner = yield* Effect.map(
    Layer.build(EmulatorClient.layerMemStore({ latencies: "fast" })),
    (context): Context.Context<CloudServices> => context
  )
  const emulator = Context.get(inner, Emulator.Emulator)
  const direct = EmulatorClient.make(emulator, { urls: ["http://cloud"] })
  let sender: OnItsWay = { kill: Effect.void }
  let held: Deferred.Deferred<void> | undefined

  /** A request that outlives its sender: it arrives when the next process has made its first one. */
  const late = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.gen(function* () {
      const body = yield* request.text
      const gate = yield* Deferred.make<void>()
      held = gate
      const { "x-auth-token": token = "" } = request.headers
      const copy = HttpClientRequest.make(request.method as "POST")(`http://cloud${request.url}`).pipe(
        HttpClientRequest.setHeader("x-auth-token", token),
        body === "" ? (same) => same : HttpClientRequest.bodyText(body, "application/json")
      )
      const arrive = Effect.zipRight(Deferred.await(gate), Effect.withClock(direct.execute(copy), clock))
      yield* Effect.forkDaemon(Effect.zipRight(sender.kill, arrive))
      return yield* Effect.never
    }).pipe(Effect.orDie)

  const handle = (request: HttpServerRequest.HttpServerRequest) =>
    Effect.suspend(() => {
      if (request.headers[onItsWay] !== undefined) return late(request)
      step()
      const answer = Effect.withClock(emulator.handle(request), clock)
      const gate = held
      if (gate === undefined || request.url.includes("/identity/")) return answer
      held = undefined
      return Effect.tap(answer, () => Deferred.succeed(gate, undefined))
    })

  const { url } = yield* Effect.map(
    Layer.build(EmulatorServer.layer().pipe(Layer.provide(Layer.succeed(Emulator.Emulator, { ...emulator, handle })))),
    Context.get(EmulatorServer)
  )

  const within = <A, E>(effect: Effect.Effect<A, E, CloudServices>): Effect.Effect<A, E> =>
    Effect.withClock(Effect.provide(effect, inner), clock)

  return {
    url,
    /** Whom to kill when a request is on its way. */
    sentBy: (child: OnItsWay) =>
      Effect.sync(() => {
        sender = child
      }),
    /** Calls the cloud from within, in no time. */
    within,
    /** What was changed, and what is there when everything under way has come to its end. */
    census: within(
      Effect.gen(function* () {
        yield* Effect.sleep("1 hour")
        const { clusters } = yield* Effect.flatMap(ListClusters, (list) => list({}))
        const shapes = yield* Effect.forEach(clusters, ({ id, name }) =>
          Effect.map(shardsOf(id), (shards) => [name, shape(shards)] as const)
        )
        return { writes: yield* emulator.writes, clusters: Object.fromEntries(shapes) }
      })
    )
  }
})
