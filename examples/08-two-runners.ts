// Two runners on PostgreSQL: one is killed in mid-step, and the other goes on with its runs. Needs DATABASE_URL.
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { NodeRuntime } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { Flow, Run, Runs, Step } from "@memstore-flows/engine"
import { EngineCluster } from "@memstore-flows/engine-cluster"
import { Config, Console, Effect, Layer, Logger, LogLevel, Option, Schema, Stream } from "effect"

const Move = Flow.make({ name: "move", payload: Schema.Int, success: Schema.String })

/** What a runner does. The steps say where they ran. */
const moveOn = (runner: string) =>
  Move.toLayer((seconds) =>
    Effect.gen(function* () {
      const first = yield* Step.make("prepare", { success: Schema.String, run: Effect.succeed(runner) })
      const second = yield* Step.make("copy", {
        success: Schema.String,
        run: Effect.zipRight(
          Run.progress({ message: `copying on ${runner}` }),
          Effect.delay(Effect.succeed(runner), `${seconds} seconds`)
        ),
        undo: () => Effect.log("only a cancel or a failure would undo this, never a shutdown")
      })
      return `prepared on ${first}, copied on ${second}`
    })
  )

const database = PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") })
const quiet = Logger.minimumLogLevel(LogLevel.Warning)
const [name = "", port = ""] = process.argv.slice(2)

const runner = moveOn(name).pipe(
  Layer.provide(EngineCluster.layer({ host: "127.0.0.1", port: Number(port), prefix: "two_runners" })),
  Layer.provide(database),
  Layer.provide(quiet)
)

/** This program again, as a runner in a process of its own. */
const started = (name: string, port: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const args = [...process.execArgv, fileURLToPath(import.meta.url), name, String(port)]
      return spawn(process.execPath, args, { stdio: "inherit" })
    }),
    (child) => Effect.sync(() => void child.kill("SIGTERM"))
  )

const client = EngineCluster.remote(Move).pipe(
  Layer.provideMerge(EngineCluster.layerClient({ prefix: "two_runners" })),
  Layer.provide(database),
  Layer.provide(quiet)
)

const program = Effect.gen(function* () {
  const red = yield* started("red", 34_441)
  const { id } = yield* Runs.start(Move, { payload: 2 })
  const copying = Stream.filter(Runs.events(id), ({ _tag }) => _tag === "Progress")
  yield* Stream.runHead(copying)
  yield* started("blue", 34_442)
  yield* Console.log("red copies; killed with SIGKILL")
  yield* Effect.sync(() => red.kill("SIGKILL"))
  yield* Console.log(yield* Runs.result(Move, id))
}).pipe(Effect.scoped, Effect.provide(client))

const main = Effect.flatMap(Config.option(Config.string("DATABASE_URL")), (url) =>
  Option.isSome(url)
    ? program
    : Console.log("This program needs a PostgreSQL database: set DATABASE_URL to its address.")
)

if (name === "") NodeRuntime.runMain(main)
else NodeRuntime.runMain(Layer.launch(runner))
