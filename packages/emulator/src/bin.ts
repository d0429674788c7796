#!/usr/bin/env node
/**
 * The emulator as a program.
 *
 * @since 0.1.0
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as State from "@memstore-flows/model/State"
import * as Cause from "effect/Cause"
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as DataPlane from "./DataPlane.js"
import { Emulator } from "./Emulator.js"
import { EmulatorServer } from "./EmulatorServer.js"
import { type CommandLine, parse, usage } from "./internal/commandLine.js"
import * as RedisPlane from "./RedisPlane.js"
import * as StateFolder from "./StateFolder.js"

/** The command line is not understood; `message` names every fault. */
class Usage extends Data.TaggedError("Usage")<{ readonly message: string }> {}

/** The plane that was asked for; with `auto`, servers when there is a program for them. */
const choose = ({ plane, state }: CommandLine) =>
  Effect.gen(function* () {
    const simulated = (why: string) => ({ dataPlane: DataPlane.simulated, why: `simulated, ${why}` })
    if (plane === "simulated") return simulated("as asked for")
    const found = yield* Effect.either(RedisPlane.find())
    if (found._tag === "Left") return plane === "auto" ? simulated(found.left.reason) : yield* found.left
    const { engine, foundBy, path, version } = found.right
    const directory = state === undefined ? {} : { directory: `${state}/servers` }
    const dataPlane = yield* RedisPlane.make({ binary: path, ...directory })
    const isOnly = State.make().versions.every((each) => each === version)
    const differs = isOnly ? "" : "; clusters show the version they were asked for"
    return { dataPlane, why: `${engine} ${version} of ${path}, found by ${foundBy}${differs}` }
  })

const run = (line: CommandLine) =>
  Effect.gen(function* () {
    const storage = line.state === undefined ? undefined : yield* StateFolder.make(line.state)
    const { dataPlane, why } = yield* choose(line)
    const cloud = Emulator.layer({
      latencies: line.speed,
      plane: dataPlane,
      ...(storage === undefined ? {} : { storage })
    })
    const announced = Effect.gen(function* () {
      const { url } = yield* EmulatorServer
      const kept = line.state === undefined ? "" : `, state: ${line.state}`
      yield* Console.log(
        `MemStore emulator at ${url} (data plane: ${why}; speed: ${line.speed}${kept}, credential id: emulator, secret: emulator)`
      )
      return yield* Effect.never
    })
    return yield* Effect.provide(announced, EmulatorServer.layer(line).pipe(Layer.provide(cloud)))
  }).pipe(Effect.scoped)

const program = Effect.gen(function* () {
  const line = yield* Effect.mapError(
    parse(process.argv.slice(2)),
    (faults) => new Usage({ message: `${faults.join("; ")}. Try --help` })
  )
  return yield* line.help ? Console.log(usage) : run(line)
})

const reported = Effect.tapErrorCause(program, (cause) =>
  Cause.isInterruptedOnly(cause)
    ? Effect.void
    : Console.error(
        Option.match(Cause.failureOption(cause), {
          onNone: () => Cause.pretty(cause),
          onSome: (error) => error.message
        })
      )
)

const exitCode = (exit: Exit.Exit<unknown, unknown>): number => {
  if (Exit.isSuccess(exit) || Cause.isInterruptedOnly(exit.cause)) return 0
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  return error instanceof Usage ? 2 : 1
}

NodeRuntime.runMain(Effect.provide(reported, NodeContext.layer), {
  disableErrorReporting: true,
  disablePrettyLogger: true,
  teardown: (exit, onExit) => onExit(exitCode(exit))
})
