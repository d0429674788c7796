import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { Body } from "./support/calls.js"
import { exchange, http } from "./support/raw.js"
import { cluster, credential } from "./support/samples.js"

const bin = fileURLToPath(new URL("../src/bin.ts", import.meta.url))
const root = fileURLToPath(new URL("../../..", import.meta.url))

const startWith = (variables: NodeJS.ProcessEnv, ...args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, ["--import", "tsx", bin, ...args], { cwd: root, env: { ...process.env, ...variables } })
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )

const start = (...args: ReadonlyArray<string>) => startWith({}, ...args, "--data-plane", "simulated")

interface End {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

const ended = (child: ChildProcess) =>
  Effect.async<End>((resume) => {
    let out = ""
    let err = ""
    child.stdout?.on("data", (chunk) => {
      out += String(chunk)
    })
    child.stderr?.on("data", (chunk) => {
      err += String(chunk)
    })
    child.on("close", (code) => resume(Effect.succeed({ code, out, err })))
  })

/** The one line that says it is ready, and the port in it. */
const ready = (child: ChildProcess) =>
  Effect.async<{ readonly line: string; readonly port: number }, Error>((resume) => {
    let text = ""
    child.stdout?.on("data", (chunk) => {
      text += String(chunk)
      const port = /http:\/\/[^:]+:(\d+)/.exec(text)?.[1]
      if (text.endsWith("\n") && port !== undefined) resume(Effect.succeed({ line: text, port: Number(port) }))
    })
    child.on("close", (code) => resume(Effect.fail(new Error(`it ended with ${code}`))))
  })

const kill = (child: ChildProcess, signal: NodeJS.Signals) =>
  Effect.async<number | null>((resume) => {
    child.on("close", (code) => resume(Effect.succeed(code)))
    child.kill(signal)
  })

const call = (port: number, method: string, path: string, token: string, body?: unknown) =>
  Effect.map(
    exchange(
      port,
      http(
        method,
        path,
        { "content-type": "application/json", "x-auth-token": token },
        body === undefined ? "" : JSON.stringify(body)
      )
    ),
    (answer) => ({
      token: /x-subject-token: (\S+)/i.exec(answer?.head ?? "")?.[1] ?? "",
      body: JSON.parse(answer?.body ?? "") as Body
    })
  )

const login = (port: number) =>
  Effect.map(call(port, "POST", "/identity/v3/auth/tokens", "", credential()), ({ token }) => token)

describe("the program", { timeout: 120_000 }, () => {
  it.scopedLive("says one line when it is ready, serves, and ends with 0 when asked to", () =>
    Effect.gen(function* () {
      for (const signal of ["SIGINT", "SIGTERM"] as const) {
        const child = yield* start("--port", "0", "--speed", "instant")
        const { line, port } = yield* ready(child)
        assert.strictEqual(
          line,
          `MemStore emulator at http://127.0.0.1:${port} (data plane: simulated, as asked for; speed: instant, credential id: emulator, secret: emulator)\n`
        )
        assert.isNotEmpty(yield* login(port))
        assert.strictEqual(yield* kill(child, signal), 0)
      }
    })
  )

  it.scopedLive("names all faults of its arguments and ends with 2", () =>
    Effect.gen(function* () {
      const { code, err, out } = yield* ended(yield* start("--prot", "--speed=warp"))
      assert.deepStrictEqual([code, out], [2, ""])
      assert.strictEqual(
        err,
        'unknown option --prot; --speed must be one of instant, fast, realistic, not "warp". Try --help\n'
      )
    })
  )

  it.scopedLive("refuses real servers when the program that is named is none", () =>
    Effect.gen(function* () {
      const named = { MEMSTORE_REDIS_SERVER: "/bin/true" }
      const { code, err } = yield* ended(yield* startWith(named, "--port", "0", "--data-plane", "redis"))
      assert.strictEqual(code, 1)
      assert.strictEqual(err, "There is no Redis: /bin/true is not a Redis or Valkey server\n")
    })
  )

  it.scopedLive("simulates when there is no server program, and says why", () =>
    Effect.gen(function* () {
      const child = yield* startWith({ MEMSTORE_REDIS_SERVER: "/bin/true" }, "--port", "0")
      const { line } = yield* ready(child)
      assert.include(line, "(data plane: simulated, /bin/true is not a Redis or Valkey server; speed: fast")
    })
  )

  it.scopedLive("a port in use is one line and 1", () =>
    Effect.gen(function* () {
      const { port } = yield* ready(yield* start("--port", "0"))
      const { code, err } = yield* ended(yield* start("--port", `${port}`))
      assert.deepStrictEqual([code, err], [1, `Cannot listen on 127.0.0.1:${port}: another program uses the port\n`])
    })
  )

  it.scopedLive("a killed program's state is there at the next start, and its folder is held only while it lives", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const args = ["--port", "0", "--speed", "instant", "--state", directory]
      const first = yield* start(...args)
      const one = yield* ready(first)
      const token = yield* login(one.port)
      const created = yield* call(one.port, "POST", "/v1/clusters", token, cluster())
      const second = yield* ended(yield* start(...args))
      assert.deepStrictEqual(
        [second.code, second.err],
        [1, `The state folder ${directory} is in use by process ${first.pid}\n`]
      )
      yield* kill(first, "SIGKILL")
      const { port } = yield* ready(yield* start(...args))
      const { body } = yield* call(port, "GET", `/v1/clusters/${created.body.objectId}/shards`, yield* login(port))
      assert.strictEqual(body.shards.length, 2)
      const state = yield* call(port, "GET", "/_emulator/state", "")
      assert.deepStrictEqual(state.body.writes, { CreateCluster: 1 })
    }).pipe(Effect.provide(NodeContext.layer))
  )
})
