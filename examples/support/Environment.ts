import { NodeHttpClient } from "@effect/platform-node"
import { MemStore } from "@memstore-flows/api"
import { Emulator, EmulatorClient } from "@memstore-flows/emulator"
import { Engine, Journal } from "@memstore-flows/engine"
import { ReplaceReplica, RestoreThenScale, WaitPolicy } from "@memstore-flows/workflows"
import { Config, Context, Duration, Effect, Layer, Option, Redacted } from "effect"
import { CallLog, counted } from "./CallLog.js"

/** Whether the calls go to the emulator in this process, or to the real cloud. */
export class Target extends Context.Tag("examples/Target")<Target, "emulator" | "real">() {}

const emulated = MemStore.layer({ credential: { id: "emulator", secret: Redacted.make("emulator") } }).pipe(
  Layer.provide(counted),
  Layer.provide(EmulatorClient.layer()),
  Layer.provideMerge(Emulator.layer()),
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
  Layer.provide(NodeHttpClient.layerUndici),
  Layer.merge(Emulator.layer()),
  Layer.merge(Layer.succeed(Target, "real")),
  Layer.merge(Layer.succeed(WaitPolicy.WaitPolicy, WaitPolicy.defaults))
)

/** All calls: to the real cloud when a credential is in the environment, else to the emulator. */
export const cloud = Layer.unwrapEffect(
  Effect.map(Config.option(Config.string("KAKAOCLOUD_APPLICATION_CREDENTIAL_ID")), (credential) =>
    Option.isSome(credential) ? real : emulated
  )
).pipe(Layer.provideMerge(CallLog.layer))

/** The calls, and both flows on an engine in memory. */
export const environment = Layer.mergeAll(RestoreThenScale.layer, ReplaceReplica.layer).pipe(
  Layer.provideMerge(Engine.layer()),
  Layer.provide(Journal.layerMemory),
  Layer.provideMerge(cloud)
)
