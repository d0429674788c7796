/** Operations on real servers under a writer, beside bare servers driven directly in the same minute. */
import { mkdtempSync, rmSync } from "node:fs"
import { availableParallelism, loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import { RedisPlane } from "@memstore-flows/emulator"
import { Effect } from "effect"
import * as Bare from "./emulator/Bare.js"
import * as Cloud from "./emulator/Cloud.js"
import * as Cost from "./emulator/Cost.js"
import * as Load from "./emulator/Load.js"

const rounds = 3
/** For how many milliseconds a client goes on after a primary was replaced. */
const afterwards = 1000
const program = fileURLToPath(import.meta.url)

const steps = new Map<string, number>()
const onStep = (name: string) =>
  Effect.sync(() => {
    if (name === "done" || !steps.has(name)) steps.set(name, performance.now())
  })
/** Milliseconds for which slots were on the move since `steps` was cleared. */
const moving = () => (steps.get("done") ?? 0) - (steps.get("written") ?? 0)

const round = (value: number, digits = 0) => Number(value.toFixed(digits))

const took = (operation: string, bar: string, ours: Cost.Cost, bare: Cost.Cost) => ({
  ...{ operation, bar, ms: round(ours.ms), "bare ms": round(bare.ms), ratio: round(ours.ms / bare.ms, 2) },
  ...(Number.isNaN(ours.cpu + bare.cpu) ? {} : { "CPU s": round(ours.cpu, 1), "bare CPU s": round(bare.cpu, 1) })
})

const saw = (operation: string, bar: string, ours: Load.Report, bare: Load.Report) => ({
  ...{ operation, bar, "pause ms": round(ours.pause), "bare pause ms": round(bare.pause) },
  ...{ "writes/s": ours.perSecond, "bare writes/s": bare.perSecond },
  ...{ "lost, errors": `${ours.lost}, ${ours.errors}`, "bare lost, errors": `${bare.lost}, ${bare.errors}` }
})

const under = async (endpoints: ReadonlyArray<string>, work: () => Promise<unknown>) => {
  const stop = await Load.start(program, { endpoints, port: Cloud.port })
  const cost = await Cost.of(work)
  return { cost, report: await stop() }
}

const times = async (work: () => Promise<Cost.Cost>) => {
  const all: Array<Cost.Cost> = []
  for (let turn = 0; turn < rounds; turn++) all.push(await work())
  return Cost.median(all)
}

/** How long it takes to bring a cluster up on both. */
const forming = async (
  ours: (name: string) => Promise<string>,
  bare: () => Promise<Bare.Bare>,
  cloud: Cloud.Cloud
) => ({
  ours: await times(async () => {
    const made: Array<string> = []
    const cost = await Cost.of(async () => made.push(await ours("made")))
    for (const id of made) await cloud.remove(id)
    return cost
  }),
  bare: await times(async () => {
    const made: Array<Bare.Bare> = []
    const cost = await Cost.of(async () => made.push(await bare()))
    for (const each of made) await Bare.end(each)
    return cost
  })
})

/** A shard is added to two of 100,000 keys, a primary killed, and the shard deleted. */
const changing = async (cloud: Cloud.Cloud, server: string) => {
  const id = await cloud.create("changed")
  await cloud.load(id, 200_000)
  const dumps = await cloud.backUp(id, "small")
  steps.clear()
  const add = await under(await cloud.endpoints(id), () => cloud.addShard(id))
  const addMove = moving()
  steps.clear()
  const drain = await under(await cloud.endpoints(id), () => cloud.deleteShard(id))
  const drainMove = moving()
  let gap = 0
  const kill = await under(await cloud.endpoints(id), async () => {
    gap = await cloud.replace(id)
    await setTimeout(afterwards)
  })
  await cloud.healed(id)
  await cloud.remove(id)
  return { add, addMove, drain, drainMove, kill, gap, bare: await changingBare(server, dumps) }
}

const changingBare = async (server: string, dumps: ReadonlyArray<string>) => {
  const bare = await Bare.cluster(server, 2, dumps)
  const endpoints = bare.servers.map(({ address }) => address)
  const move = { add: 0, drain: 0 }
  const exchange = async (way: "add" | "drain") => {
    const [one, two, three] = Bare.primaries(bare)
    if (one === undefined || two === undefined || three === undefined) throw new Error("bare servers: no third shard")
    const { ms } = await Cost.of(async () => {
      const [low, middle, high] = [Bare.bound(1, 3), Bare.bound(1, 2), Bare.bound(2, 3)]
      await Bare.move(bare, way === "add" ? one : three, way === "add" ? three : one, low, middle - 1)
      await Bare.move(bare, way === "add" ? two : three, way === "add" ? three : two, middle, high - 1)
    })
    move[way] = ms
  }
  const add = await under(endpoints, async () => {
    await Bare.join3(bare)
    await exchange("add")
  })
  const drain = await under(endpoints, () => exchange("drain"))
  let gap = 0
  const kill = await under(endpoints, async () => {
    gap = await Bare.replace(bare)
    await setTimeout(afterwards)
  })
  await Bare.end(bare)
  return { add, drain, kill, gap, move }
}

const bench = (directory: string) =>
  Effect.gen(function* () {
    const cloud = yield* Cloud.make(directory)
    const { path: server, version } = yield* RedisPlane.find()
    const measure = async () => {
      const created = await forming(cloud.create, () => Bare.cluster(server, 2), cloud)
      const large = await cloud.create("large")
      await cloud.load(large, 500_000)
      const dumps = await cloud.backUp(large, "large")
      await cloud.remove(large)
      const restored = await forming(
        (name) => cloud.restore(name, "large"),
        () => Bare.cluster(server, 2, dumps),
        cloud
      )
      const { add, addMove, bare, drain, drainMove, gap, kill } = await changing(cloud, server)
      const only = (ms: number): Cost.Cost => ({ ms, cpu: Number.NaN })
      console.table([
        took("create 2 x 3", "1.2 x bare", created.ours, created.bare),
        took("restore 500k keys", "3000 ms", restored.ours, restored.bare),
        took("add a shard to 2 x 100k keys", "", add.cost, bare.add.cost),
        took("  of it moving slots", "3000 ms", only(addMove), only(bare.move.add)),
        took("delete a shard", "", only(drain.cost.ms), only(bare.drain.cost.ms)),
        took("  of it moving slots", "", only(drainMove), only(bare.move.drain)),
        took("kill -9 of a primary to a new one", "50 ms", only(gap), only(bare.gap))
      ])
      console.table([
        saw("add a shard", "50 ms", add.report, bare.add.report),
        saw("delete a shard", "50 ms", drain.report, bare.drain.report),
        saw("primary killed", "250 ms", kill.report, bare.kill.report)
      ])
      const load = loadavg().map((each) => each.toFixed(1))
      console.log(`redis ${version}; median of ${rounds} for create and restore, all else once; two writes under way`)
      console.log(`${availableParallelism()} cores; load average ${load.join(", ")}, that of this program included`)
    }
    yield* Effect.promise(measure)
  }).pipe(Effect.provide(RedisPlane.layerMemStore({ latencies: "instant", redis: { directory, onStep } })))

const main = Effect.gen(function* () {
  if (yield* Load.asked) return
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "bench-emulator-"))),
    (each) => Effect.sync(() => rmSync(each, { recursive: true }))
  )
  yield* bench(directory)
}).pipe(Effect.scoped)

Effect.runPromise(main).then(
  () => process.exit(0),
  (error) => {
    console.error(error)
    process.exit(1)
  }
)
