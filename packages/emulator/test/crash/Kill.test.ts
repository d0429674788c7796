import { type ChildProcess, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as RedisPlane from "../../src/RedisPlane.js"
import { becomes } from "../contract/story.js"
import { type Body, send } from "../support/calls.js"
import { assignment, cluster, credential } from "../support/samples.js"

const bin = fileURLToPath(new URL("../../src/bin.ts", import.meta.url))
const root = fileURLToPath(new URL("../../../..", import.meta.url))
const keys = 5000

/** How many programs are killed with `kill -9` while slots move, from when so many have moved: more for `npm run evidence`. */
const { from, kills } = process.env["PLANE_POINTS"] === "all" ? { from: 0, kills: 8 } : { from: 1, kills: 1 }

const end = (child: ChildProcess) =>
  Effect.async<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
    child.on("close", () => resume(Effect.void))
    child.kill("SIGKILL")
  })

/** The program on a folder, and calls to it. */
const program = (directory: string) =>
  Effect.gen(function* () {
    const args = ["--import", "tsx", bin, "--port", "0", "--data-plane", "redis", "--state", directory]
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] })),
      end
    )
    const base = yield* Effect.async<string, Error>((resume) => {
      child.stdout?.on("data", (chunk) => {
        const url = /http:\/\/[^:]+:\d+/.exec(String(chunk))?.[0]
        if (url !== undefined) resume(Effect.succeed(url))
      })
      child.on("close", (code) => resume(Effect.fail(new Error(`it ended with ${code}`))))
    })
    const login = yield* send("POST", "/identity/v3/auth/tokens", { base, body: credential() })
    const token = login.headers["x-subject-token"] ?? ""
    const call = (method: "GET" | "POST" | "DELETE", path: string, body?: unknown) =>
      Effect.map(
        send(method, path, { base, token, ...(body === undefined ? {} : { body }) }),
        (answer): Body => answer.body
      )
    const clusters = Effect.map(call("GET", "/_emulator/state"), ({ model }): ReadonlyArray<Body> => model.clusters)
    const idle = Effect.map(clusters, (all) => all.every(({ heals, operation }) => !operation && heals.length === 0))
    return { child, call, clusters, idle }
  })

/** Kills the program so long after slots have begun to move. */
const killed = (directory: string, millis: number) =>
  Effect.gen(function* () {
    const { call, child, clusters, idle } = yield* program(directory)
    const { objectId } = yield* call("POST", "/v1/clusters", cluster({ name: "killed", port: 50_000 }, 2, 2))
    yield* becomes("a cluster", idle)
    yield* call("POST", "/_emulator/keys", { clusterId: objectId, count: keys })
    yield* call("POST", `/v1/clusters/${objectId}/shards`, { nodeCount: 2, subnetAssignments: assignment(1) })
    yield* becomes(
      "slots that move",
      Effect.map(clusters, ([one]) => !one?.operation || Number(one.operation.moved ?? -1) >= from)
    )
    yield* Effect.sleep(millis)
    const moved = (yield* clusters)[0]?.operation?.moved
    yield* end(child)
    return { objectId: String(objectId), moved: Number(moved ?? 0) }
  }).pipe(Effect.scoped)

const resumed = (directory: string, clusterId: string) =>
  Effect.gen(function* () {
    const { call, clusters, idle } = yield* program(directory)
    yield* becomes("the end of the work", idle)
    const failed = (yield* clusters)[0]?.failedAt
    const { shards } = yield* call("GET", `/_emulator/keys/${clusterId}`)
    yield* call("DELETE", `/v1/clusters/${clusterId}`)
    yield* becomes(
      "an empty project",
      Effect.map(clusters, (all) => all.length === 0)
    )
    const held: number = shards.reduce((sum: number, each: Body) => sum + each.keys, 0)
    return [failed, held, shards.map(({ slots }: Body) => slots)]
  }).pipe(Effect.scoped)

const missing = (await Effect.runPromise(Effect.either(RedisPlane.find())))._tag === "Left"

describe.skipIf(missing)("the program", { timeout: 1_800_000 }, () => {
  it.live("goes on with a migration after kill -9, with all slots and all keys", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const directory = yield* fs.makeTempDirectoryScoped()
      const cuts: Array<number> = []
      for (let index = 0; index < kills; index++) {
        const { moved, objectId } = yield* killed(directory, index * 60)
        cuts.push(moved)
        assert.deepStrictEqual(
          yield* resumed(directory, objectId),
          [null, keys, ["0-5460", "10923-16383", "5461-10922"]],
          `killed when ${moved} slots had moved`
        )
      }
      yield* Effect.logInfo(`killed with so many of 5461 slots moved: ${cuts.join(", ")}`)
      assert.isTrue(cuts.some((moved) => moved > 0 && moved < 5461))
    }).pipe(Effect.scoped, Effect.provide(NodeContext.layer), Effect.provide(FetchHttpClient.layer))
  )
})
