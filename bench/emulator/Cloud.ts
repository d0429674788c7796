/** The emulator's operations, awaited to their end. */
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import {
  AddShard,
  CreateBackup,
  CreateCluster,
  DeleteCluster,
  DeleteShard,
  ListBackups,
  RestoreCluster
} from "@memstore-flows/api"
import { Emulator } from "@memstore-flows/emulator"
import { Effect } from "effect"

export const port = 6379
const subnet = { id: "a" }
const subnetAssignments = { primary: subnet, replicas: [subnet, subnet] }
const body = (name: string) => ({
  ...{ name, version: "7.2.11", port, flavorId: "3830ebad-ea2f-4822-8a7d-9e301c86a58d", parameterGroupId: "any" },
  ...{ shardCount: 2, nodeCountPerShard: 3, subnets: [subnet], securityGroups: [{ id: "any" }] },
  subnetAssignments: [subnetAssignments, subnetAssignments]
})

const until = async (done: () => Promise<boolean>): Promise<void> => {
  while (!(await done())) await setTimeout(5)
}

/** Clusters of two shards of three nodes. `directory`: the data plane's. */
export const make = (directory: string) =>
  Effect.gen(function* () {
    const emulator = yield* Emulator
    const create = yield* CreateCluster
    const restore = yield* RestoreCluster
    const remove = yield* DeleteCluster
    const addShard = yield* AddShard
    const deleteShard = yield* DeleteShard
    const backUp = yield* CreateBackup
    const backups = yield* ListBackups
    const run = Effect.runPromise

    const find = async (clusterId: string) => (await run(emulator.state)).clusters.find(({ id }) => id === clusterId)
    const settled = async (clusterId: string) => {
      await until(async () => (await find(clusterId))?.operation === null)
      if ((await find(clusterId))?.failedAt !== null) throw new Error(`cluster ${clusterId} failed`)
    }
    const begun = async (effect: Effect.Effect<{ readonly objectId: string }, unknown>) => {
      const { objectId } = await run(effect)
      await settled(objectId)
      return objectId
    }
    const nodes = async (clusterId: string) => (await find(clusterId))?.shards.flatMap((shard) => shard.nodes) ?? []
    const leader = async (clusterId: string) => (await nodes(clusterId)).find(({ role }) => role === "primary")?.id

    return {
      create: (name: string) => begun(create(body(name))),
      restore: (name: string, backupName: string) => begun(restore({ ...body(name), restoreSource: { backupName } })),
      load: (clusterId: string, count: number) => run(emulator.loadKeys({ clusterId, count })),
      addShard: (clusterId: string) => begun(addShard({ clusterId, nodeCount: 3, subnetAssignments })),
      deleteShard: (clusterId: string) => begun(deleteShard({ clusterId, shardId: "003" })),
      endpoints: async (clusterId: string) => (await nodes(clusterId)).map(({ endpoint }) => endpoint),
      remove: async (clusterId: string) => {
        await run(remove({ clusterId }))
        await until(async () => (await find(clusterId)) === undefined)
      },
      /** Takes a backup; resolves to the dumps of its shards. */
      backUp: async (clusterId: string, name: string) => {
        await run(backUp({ clusterId, name }))
        const taken = async () => (await run(backups({}))).backups.find((each) => each.name === name)
        await until(async () => (await taken())?.status === "Available")
        const folder = join(directory, "backups", (await taken())?.id ?? "")
        return [join(folder, "shard-1.rdb"), join(folder, "shard-2.rdb")]
      },
      /** Kills the primary of the first shard; resolves with the milliseconds to another one. */
      replace: async (clusterId: string) => {
        const before = await leader(clusterId)
        const since = performance.now()
        await run(emulator.disturb({ _tag: "FailNode", clusterId, shardId: "001", role: "primary" }))
        while ((await leader(clusterId)) === before) await setTimeout(1)
        return performance.now() - since
      },
      healed: (clusterId: string) => until(async () => (await find(clusterId))?.heals.length === 0)
    }
  })

export type Cloud = Effect.Effect.Success<ReturnType<typeof make>>
