/** A writer in a process of its own, so that its pauses are those of a client. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { RedisAccess, RedisCluster, Writer } from "@memstore-flows/workflows/redis"
import { Duration, Effect } from "effect"

const variable = "BENCH_WRITER"

interface Task {
  readonly endpoints: ReadonlyArray<string>
  readonly port: number
}

/** What a writer saw. `pause`: the longest, in milliseconds. */
export interface Report {
  readonly perSecond: number
  readonly errors: number
  readonly pause: number
  readonly lost: number
}

/** Writes two keys at a time, of all kinds, until a line comes in, and then reads everything back. */
const write = ({ endpoints, port }: Task) =>
  Effect.gen(function* () {
    const cluster = yield* RedisCluster.connect({ endpoints, access: RedisAccess.make({ port }) })
    const warm = yield* Writer.make({ cluster, prefix: `warm-${process.pid}`, writers: 2 })
    yield* warm.during(Effect.sleep("1 second"))
    const writer = yield* Writer.make({ cluster, prefix: `load-${process.pid}`, writers: 2 })
    console.log("ready")
    const [time] = yield* Effect.timed(writer.during(Effect.promise(() => once(process.stdin, "data"))))
    const { acknowledged, errors, longestPause } = yield* writer.tally
    const found = yield* writer.readBack()
    const lost = found.keys - found.kept
    const perSecond = Math.round(acknowledged / Duration.toSeconds(time))
    for (const each of found.examples) console.error(each)
    console.log(JSON.stringify({ perSecond, errors, lost, pause: Duration.toMillis(longestPause) }))
  }).pipe(Effect.scoped)

/** The writer's part of this program: what a process that was started as one does. */
export const asked = Effect.suspend(() => {
  const task = process.env[variable]
  return task === undefined ? Effect.succeed(false) : Effect.as(write(JSON.parse(task)), true)
})

/** Starts a writer; resolves when it writes. It stops, and tells what it saw, when it is called. */
export const start = async (program: string, task: Task): Promise<() => Promise<Report>> => {
  const env = { ...process.env, [variable]: JSON.stringify(task) }
  const child = spawn(process.execPath, [program], { env, stdio: ["pipe", "pipe", "inherit"] })
  const lines = createInterface({ input: child.stdout })
  await once(lines, "line")
  return async () => {
    const line = once(lines, "line")
    child.stdin.write("stop\n")
    const [text] = await line
    child.kill()
    return JSON.parse(text)
  }
}
