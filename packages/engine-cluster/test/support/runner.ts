/** A runner: DATABASE_URL, PORT, NAME. */
import { NodeRuntime } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Logger, LogLevel, Redacted } from "effect"
import { EngineCluster } from "../../src/index.js"
import { flows } from "./flows.js"

const { DATABASE_URL = "", NAME = "", PORT = "" } = process.env
const ready = Layer.effectDiscard(Effect.sync(() => process.stdout.write("ready\n")))

ready.pipe(
  Layer.provide(flows(NAME)),
  Layer.provide(EngineCluster.layer({ host: "127.0.0.1", port: Number(PORT) })),
  Layer.provide(PgClient.layer({ url: Redacted.make(DATABASE_URL), maxConnections: 8 })),
  Layer.provide(Logger.minimumLogLevel(LogLevel.Warning)),
  Layer.launch,
  NodeRuntime.runMain
)
