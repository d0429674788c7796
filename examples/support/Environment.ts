import { MemStore } from "@memstore-flows/api"
import * as UndiciHttpClient from "@memstore-flows/api/UndiciHttpClient"
import { type Emulator, EmulatorClient } from "@memstore-flows/emulator"
import { Engine, Journal } from "@memstore-flows/engine"
import { ReplaceReplica, RestoreThenScale, WaitPolicy } from "@memstore-flows/workflows"
import { Config, type ConfigError, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { CallLog, counted } from "./CallLog.js"
import { bestAvailable, type Plane, simulated } from "./Plane.js"

/** Whether the calls go to the emulator in this process, or to the real cloud. */
export class Target extends Context.Tag("examples/Target")<Target, "emulator" | "real">() {}

const access = { credential: { id: "emulator", secret: Redacted.make("emulator") } }

/** Calls to the emulator that are not counted, for those who look on. */
export const uncounted = MemStore.layer(access).pipe(Layer.provide(EmulatorClient.layer()))

const emulated = (emulator: Layer.Layer<Emulator | Plane, ConfigError.ConfigError>) =>
  MemStore.layer(access).pipe(
    Layer.provide(counted),
    Layer.provide(EmulatorClient.layer()),
    Layer.provideMerge(emulator),
    Layer.merge(Layer.succeed(Target, "emulator")),
    // The emulator works in seconds, so the flows look more often.
    Layer.merge(
      Layer.succeed(
        WaitPolicy.WaitPolicy,
        WaitPolicy.make({
          firstDelay: Duration.millis(100),
          maxDelay: Duration.millis(400),
          settle: Duration.seconds(2)
        })
      )
    )
  )

/** The real cloud keeps an idle emulator beside it, so that both have one type; nothing calls it. */
const real = MemStore.layerConfig().pipe(
  Layer.provide(counted),
  Layer.provide(UndiciHttpClient.layer),
  Layer.merge(simulated),
  Layer.merge(Layer.succeed(Target, "real")),
  Layer.merge(Layer.succeed(WaitPolicy.WaitPolicy, WaitPolicy.defaults))
)

const cloudOn = (emulator: Layer.Layer<Emulator | Plane, ConfigError.ConfigError>) =>
  Layer.unwrapEffect(
    Effect.map(Config.option(Config.string("KAKAOCLOUD_APPLICATION_CREDENTIAL_ID")), (credential) =>
      Option.isSome(credential) ? real : emulated(emulator)
    )
  ).pipe(Layer.provideMerge(CallLog.layer))

/** All calls: to the real cloud when a credential is in the environment, else to the emulator. */
export const cloud = cloudOn(simulated)

/** The same, but the emulator's nodes are real servers when a server program is found. */
export const cloudOnServers = cloudOn(bestAvailable)

const flows = Layer.mergeAll(RestoreThenScale.layer, ReplaceReplica.layer).pipe(
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory)
)

/** The calls, and both flows on an engine in memory. */
export const environment = Layer.provideMerge(flows, cloud)

/** The same on real servers, when there are any. */
export const environmentOnServers = Layer.provideMerge(flows, cloudOnServers)
