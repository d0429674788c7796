import { DataPlane, Emulator, RedisPlane } from "@memstore-flows/emulator"
import { Config, Context, Effect, Either, Layer } from "effect"

/** What the emulator's nodes are: `servers` when Redis or Valkey runs, and a line that says so, or why not. */
export class Plane extends Context.Tag("examples/Plane")<
  Plane,
  { readonly servers: boolean; readonly notice: string }
>() {}

/** An emulator whose nodes are only counted. */
export const simulated = Layer.merge(
  Emulator.layer(),
  Layer.succeed(Plane, { servers: false, notice: "nodes: simulated" })
)

const pick = Effect.gen(function* () {
  const wanted = yield* Config.withDefault(Config.literal("auto", "simulated")("MEMSTORE_PLANE"), "auto")
  if (wanted === "simulated") return { plane: DataPlane.simulated, notice: "nodes: simulated, as MEMSTORE_PLANE says" }
  const found = yield* Effect.either(Effect.zip(RedisPlane.find(), RedisPlane.make()))
  if (Either.isLeft(found)) {
    return { plane: DataPlane.simulated, notice: `nodes: simulated. ${found.left.message}` }
  }
  const [{ engine, path, version }, plane] = found.right
  return { plane, notice: `nodes: servers of ${engine} ${version} (${path}) on loopback addresses` }
})

/** An emulator on real servers when a server program is found, else one whose nodes are only counted. */
export const bestAvailable = Layer.unwrapScoped(
  Effect.map(pick, ({ notice, plane }) =>
    Layer.merge(Emulator.layer({ plane }), Layer.succeed(Plane, { servers: plane !== DataPlane.simulated, notice }))
  )
)
