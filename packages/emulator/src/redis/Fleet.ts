/**
 * The servers that should be running: starts them, notices when one ends, stops them.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Connections } from "./Connections.js"
import type { Member } from "./Member.js"
import type { Plant } from "./Plant.js"
import type { Processes, Running } from "./Processes.js"
import { type FilesUnusable, NodeUnreachable, ServerEnded } from "./RedisError.js"

/**
 * - `start`: brings a server up with this configuration, unless it runs; done when it answers, loading or not
 * - `deaths`: servers that ended without being told to
 * - `stop`: ends a server for good: `"kill"` at once, `"terminate"` after it has written what it has to
 * - `lastWords`: the end of a server's log
 * - `signal`: kills or freezes a server as a fault would; its end then counts as a death
 */
export interface Fleet {
  readonly start: (member: Member, configuration: string) => Effect.Effect<void, ServerEnded | FilesUnusable>
  readonly isRunning: (nodeId: string) => boolean
  readonly deaths: Queue.Dequeue<Member>
  readonly stop: (nodeId: string, how: "kill" | "terminate") => Effect.Effect<void>
  readonly signal: (nodeId: string, signal: "SIGKILL" | "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
  readonly lastWords: (member: Member) => Effect.Effect<string>
  readonly running: Effect.Effect<ReadonlyArray<{ readonly nodeId: string; readonly pid: number }>>
}

interface Charge {
  readonly member: Member
  readonly process: Running
}

const startTries = 30
const chatter = /overcommit_memory|Transparent Huge|oO0OoO0|TCP backlog|^\s*$/

const lastWords = (plant: Plant, folder: string) =>
  Effect.map(
    Effect.orElseSucceed(plant.read(plant.join(folder, "redis.log")), () => ""),
    (log) =>
      log
        .split("\n")
        .filter((line) => !chatter.test(line))
        .slice(-3)
        .map((line) => line.replace(/^\d+:\w \d+ \w+ \d+ [\d:.]+ [*#.-] /, ""))
        .join("; ")
  )

/** Servers that end with the scope. */
export const make = (
  plant: Plant,
  processes: Processes,
  connections: Connections
): Effect.Effect<Fleet, never, Scope.Scope> =>
  Effect.gen(function* () {
    const charges = new Map<string, Charge>()
    const deaths = yield* Queue.unbounded<Member>()
    const scope = yield* Effect.scope

    const watch = ({ member, process }: Charge) =>
      Effect.gen(function* () {
        yield* Deferred.await(process.ended)
        yield* connections.forget(member.door.address)
        if (charges.get(member.nodeId)?.process !== process) return
        charges.delete(member.nodeId)
        yield* Queue.offer(deaths, member)
      })

    const awake = ({ member: { door }, process }: Charge) =>
      connections.call(door, ["PING"]).pipe(
        Effect.timeoutFail({
          duration: "500 millis",
          onTimeout: () => new NodeUnreachable({ address: door.address, reason: "no answer in time" })
        }),
        Effect.asVoid,
        Effect.catchTag("CommandRefused", () => Effect.void),
        Effect.retry({
          schedule: Schedule.spaced("5 millis"),
          while: () => Effect.map(Deferred.isDone(process.ended), (ended) => !ended)
        })
      )

    const launch = (member: Member, folder: string) =>
      Effect.gen(function* () {
        const charge = { member, process: yield* processes.start(folder) }
        yield* Effect.raceFirst(Effect.ignore(awake(charge)), Deferred.await(charge.process.ended)).pipe(
          Effect.onInterrupt(() => Effect.sync(() => charge.process.signal("SIGKILL")))
        )
        if (yield* Deferred.isDone(charge.process.ended)) {
          return yield* new ServerEnded({
            address: `${member.door.address}:${member.door.port}`,
            lastWords: yield* lastWords(plant, folder)
          })
        }
        charges.set(member.nodeId, charge)
        yield* Effect.forkIn(watch(charge), scope)
      })

    return {
      deaths,
      isRunning: (nodeId) => charges.has(nodeId),
      start: (member, configuration) =>
        Effect.gen(function* () {
          if (charges.has(member.nodeId)) return
          const folder = plant.node(member.clusterId, member.nodeId)
          yield* plant.write(plant.join(folder, "redis.conf"), configuration)
          // An outgoing connection of any program may hold the port for a moment.
          yield* Effect.retry(launch(member, folder), {
            while: (error) => error._tag === "ServerEnded" && /already in use/.test(error.lastWords),
            schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(startTries))
          })
        }),
      stop: (nodeId, how) =>
        Effect.gen(function* () {
          const charge = charges.get(nodeId)
          if (charge === undefined) return
          charges.delete(nodeId)
          const { ended, signal } = charge.process
          signal(how === "kill" ? "SIGKILL" : "SIGTERM")
          yield* Effect.timeout(Deferred.await(ended), "10 seconds").pipe(
            Effect.catchTag("TimeoutException", () => Effect.sync(() => signal("SIGKILL")))
          )
          yield* Deferred.await(ended)
        }).pipe(Effect.uninterruptible),
      signal: (nodeId, signal) => Effect.sync(() => charges.get(nodeId)?.process.signal(signal)),
      lastWords: ({ clusterId, nodeId }) => lastWords(plant, plant.node(clusterId, nodeId)),
      running: Effect.sync(() =>
        [...charges].map(
          ([
            nodeId,
            {
              process: { pid }
            }
          ]) => ({ nodeId, pid })
        )
      )
    }
  })
