import { CreateBackup, CreateCluster, ListBackups } from "@memstore-flows/api"
import { Emulator } from "@memstore-flows/emulator"
import { Observe, type RestoreThenScale, Waiter } from "@memstore-flows/workflows"
import { Config, type ConfigError, Console, Effect } from "effect"
import { Target } from "./Environment.js"
import { writeTo } from "./Witness.js"

const names = {
  backup: ["MEMSTORE_BACKUP", "nightly"],
  flavor: ["MEMSTORE_FLAVOR_ID", "3830ebad-ea2f-4822-8a7d-9e301c86a58d"],
  parameterGroup: ["MEMSTORE_PARAMETER_GROUP_ID", "bbbbcccc-1234-1234-5678-e705e91db2fb"],
  securityGroup: ["MEMSTORE_SECURITY_GROUP_ID", "abcdxxxx-4870-4c4e-a267-2de13e38c2ea"],
  subnetA: ["MEMSTORE_SUBNET_A", "subnet-a"],
  subnetB: ["MEMSTORE_SUBNET_B", "subnet-b"],
  version: ["MEMSTORE_VERSION", "7.2.6"]
} as const

const setting = ([name, emulated]: readonly [string, string], target: "emulator" | "real") =>
  target === "emulator" ? Config.withDefault(Config.string(name), emulated) : Config.string(name)

/** Ids of the project: the emulator takes any; the real cloud wants yours, and every missing one is named. */
export const settings = Effect.flatMap(Target, (target) =>
  Config.all({
    backup: setting(names.backup, target),
    flavor: setting(names.flavor, target),
    parameterGroup: setting(names.parameterGroup, target),
    securityGroup: setting(names.securityGroup, target),
    subnetA: setting(names.subnetA, target),
    subnetB: setting(names.subnetB, target),
    version: setting(names.version, target)
  })
)

const clusterOf = (name: string) =>
  Effect.map(settings, ({ flavor, parameterGroup, securityGroup, subnetA, subnetB, version }) => {
    const [a, b] = [{ id: subnetA }, { id: subnetB }]
    return {
      name,
      version,
      port: 6379,
      shardCount: 2,
      nodeCountPerShard: 3,
      flavorId: flavor,
      parameterGroupId: parameterGroup,
      subnets: [a, b],
      subnetAssignments: [
        { primary: a, replicas: [b, b] },
        { primary: b, replicas: [a, a] }
      ],
      securityGroups: [{ id: securityGroup }]
    }
  })

/** What to restore: the backup into a new cluster of the same two shards. */
export const restorable = (
  name: string
): Effect.Effect<RestoreThenScale.Payload["cluster"], ConfigError.ConfigError, Target> =>
  Effect.zipWith(clusterOf(name), settings, (cluster, { backup }) => ({
    ...cluster,
    restoreSource: { backupName: backup }
  }))

/** A new cluster on the emulator, in service and empty. */
const create = Effect.gen(function* () {
  const createCluster = yield* CreateCluster
  const { objectId: clusterId } = yield* createCluster(yield* clusterOf("source"))
  const deadline = yield* Waiter.deadlineIn("1 minute")
  yield* Observe.settled({ clusterId, during: "setup", deadline, appearing: true })
  return clusterId
})

const createWith = (keys: number) =>
  Effect.gen(function* () {
    const clusterId = yield* create
    const emulator = yield* Emulator
    yield* emulator.loadKeys({ clusterId, count: keys })
    yield* Console.log(`source cluster ${clusterId}: 2 shards x 3 nodes, ${keys.toLocaleString("en")} keys`)
    return clusterId
  })

/** On the emulator a new cluster with keys; on the real cloud the one that `MEMSTORE_CLUSTER_ID` names. */
export const sourceCluster = (keys: number) =>
  Effect.flatMap(Target, (target) => (target === "emulator" ? createWith(keys) : Config.string("MEMSTORE_CLUSTER_ID")))

const backUp = (clusterId: string) =>
  Effect.gen(function* () {
    const [createBackup, listBackups] = yield* Effect.all([CreateBackup, ListBackups])
    const { backup: name } = yield* settings
    yield* createBackup({ clusterId, name })
    yield* Waiter.until({
      what: `backup ${name}`,
      read: listBackups({ clusterId }),
      deadline: yield* Waiter.deadlineIn("1 minute"),
      judge: ({ backups }): Waiter.Verdict<void> =>
        backups[0]?.status === "Available" ? Waiter.done(undefined) : Waiter.pending(backups[0]?.status ?? "none")
    })
    yield* Console.log(`backup "${name}" of it is available\n`)
  })

/** On the emulator a source cluster with a backup; on the real cloud the backup that `MEMSTORE_BACKUP` names. */
export const sourceBackup = (keys: number) =>
  Effect.flatMap(Target, (target) => (target === "real" ? Effect.void : Effect.flatMap(createWith(keys), backUp)))

/** A backup of a source cluster on real servers, and every write to it that was acknowledged before. */
export const writtenBackup = (keys: number) =>
  Effect.gen(function* () {
    const clusterId = yield* create
    const written = yield* writeTo(clusterId, keys)
    yield* Console.log(`source cluster ${clusterId}: 2 shards x 3 nodes, ${written.length.toLocaleString("en")} keys`)
    yield* backUp(clusterId)
    return written
  })
