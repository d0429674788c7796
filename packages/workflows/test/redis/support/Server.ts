import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { connect } from "../../../src/redis/RedisNode.js"

const places = ["/usr/local/bin", "/usr/bin", ...(process.env["PATH"] ?? "").split(":")]

/** Debian's redis-check-rdb is the server too, when it is called by that name. */
export const binary = ["redis-server", "valkey-server", "redis-check-rdb"]
  .flatMap((name) => places.map((place) => join(place, name)))
  .find((file) => existsSync(file))

let servers = 0

/** A server on a loopback address and with a folder of its own, gone with the scope. */
export const server = (directives: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const host = `127.${201 + (servers++ % 50)}.${(process.pid >> 8) & 127}.${process.pid & 255 || 1}`
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        const folder = mkdtempSync(join(tmpdir(), "memstore-flows-redis-"))
        const announced = ["--bind", host, "--bind-source-addr", host, "--replica-announce-ip", host]
        const quiet = ["--dir", folder, "--save", "", "--protected-mode", "no", "--repl-diskless-sync-delay", "0"]
        const child = spawn(binary ?? "", [...announced, ...quiet, ...directives], {
          argv0: "redis-server",
          stdio: "ignore"
        })
        const kill = () => child.kill("SIGKILL")
        process.once("exit", kill)
        return { child, folder, kill }
      }),
      ({ child, folder, kill }) =>
        Effect.async<void>((resume) => {
          process.off("exit", kill)
          child.once("exit", () => {
            rmSync(folder, { recursive: true, force: true })
            resume(Effect.void)
          })
          child.kill("SIGKILL")
        })
    )
    return host
  })

/** Waits until a command succeeds, such as PING on a server that starts. */
export const answers = (host: string, access: Parameters<typeof connect>[0]["access"]) =>
  Effect.retry(
    Effect.scoped(Effect.flatMap(connect({ host, access }), (node) => node.call("PING"))),
    Schedule.intersect(Schedule.spaced("20 millis"), Schedule.recurs(200))
  )
