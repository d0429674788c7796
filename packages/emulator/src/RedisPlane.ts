/**
 * A data plane of real servers: each node is a Redis or Valkey process in cluster mode.
 *
 * @since 0.1.0
 */
import * as Crypto from "node:crypto"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as MemStore from "@memstore-flows/api/MemStore"
import type { ClusterState } from "@memstore-flows/model/ClusterState"
import type { State } from "@memstore-flows/model/State"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import type { Begun, Cloud, DataPlane } from "./DataPlane.js"
import * as Emulator from "./Emulator.js"
import * as EmulatorClient from "./EmulatorClient.js"
import * as Addresses from "./redis/Addresses.js"
import * as Binary from "./redis/Binary.js"
import * as Certificates from "./redis/Certificates.js"
import * as Connections from "./redis/Connections.js"
import { type Crew, turns } from "./redis/Crew.js"
import * as Data from "./redis/Data.js"
import * as Fleet from "./redis/Fleet.js"
import { hash } from "./redis/Member.js"
import * as Plant from "./redis/Plant.js"
import * as Processes from "./redis/Processes.js"
import { type AddressesTaken, CutOff, type FilesUnusable, type RedisUnavailable } from "./redis/RedisError.js"
import * as Supervisor from "./redis/Supervisor.js"
import * as TemporaryFolder from "./redis/TemporaryFolder.js"
import * as Work from "./redis/Work.js"

/**
 * How the plane is made; all of it has a default.
 *
 * - `binary`: the server program; see `Binary.find` for where it is looked for otherwise
 * - `directory`: keeps servers' data and backups between two lives; default a temporary folder that goes with the scope
 * - `decrypt`: turns `user.password`, which the API takes encrypted, into the password of the server's user; by default it
 *   is taken as it is
 * - `onStep`: called at each step of work, by name, for tests of crashes; where it fails, work ends and is tried
 *   again
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly binary?: string
  readonly directory?: string
  readonly decrypt?: (password: Redacted.Redacted<string>) => Effect.Effect<Redacted.Redacted<string>>
  readonly onStep?: (name: string) => Effect.Effect<void, unknown>
}

/**
 * Looks for a server program; starts none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const find: (binary?: string) => Effect.Effect<Binary.Binary, RedisUnavailable> = (binary) => Binary.find(binary)

const adminName = "memstore-emulator"

const range = (plant: Plant.Plant): Effect.Effect<string, AddressesTaken | FilesUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    const kept = yield* plant.plane.get
    if (Option.isSome(kept)) return yield* Addresses.claim(kept.value.range)
    const claimed = yield* Addresses.claimAny
    yield* plant.plane.put({ version: 1, range: claimed })
    return claimed
  })

const secret = Effect.sync(() => Crypto.randomBytes(24).toString("hex"))

/** Writes down how the servers of a new cluster are entered: of the user's password only its hash. */
const admit = (plant: Plant.Plant, { after, command, objectId, password }: Begun, options: Options) =>
  Effect.gen(function* () {
    if (command._tag !== "CreateCluster" || Option.isSome(yield* plant.access(objectId).get)) return
    const own = yield* secret
    const name = after.clusters.find(({ id }) => id === objectId)?.userName ?? null
    const given = password === undefined ? undefined : yield* (options.decrypt ?? Effect.succeed)(password)
    yield* plant.access(objectId).put({
      admin: { name: adminName, password: own, hash: hash(own) },
      user: name === null || given === undefined ? null : { name, hash: hash(Redacted.value(given)) }
    })
  })

/** Removes what belongs to clusters and backups that are no more. */
const tidy = (plant: Plant.Plant, state: State) =>
  Effect.gen(function* () {
    for (const id of yield* plant.clusterIds) {
      if (!state.clusters.some((cluster) => cluster.id === id)) yield* plant.remove(plant.cluster(id))
    }
    for (const id of yield* plant.backupIds) {
      if (!state.backups.some((backup) => backup.id === id)) yield* plant.remove(plant.backup(id))
    }
  })

const folder = (given: string | undefined) =>
  given === undefined ? Effect.orDie(TemporaryFolder.make()) : Effect.succeed(given)

/**
 * Servers on loopback addresses of their own, `127.R.x.y`, with the port of their cluster. All of them end with the scope,
 * and also when the process is killed.
 *
 * It lives in real time, whatever `Clock` the emulator has. One plane serves one emulator.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<DataPlane, RedisUnavailable | AddressesTaken | FilesUnusable, Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const binary = yield* Binary.find(options.binary)
    const plant = yield* Plant.make(yield* folder(options.directory))
    const prefix = yield* range(plant)
    const connections = yield* Connections.make
    const processes = yield* Processes.make(binary, plant.directory)
    const fleet = yield* Fleet.make(plant, processes, connections)
    const running = yield* Ref.make(
      Option.none<{ readonly crew: Crew; readonly work: Work.Work; readonly supervisor: Supervisor.Supervisor }>()
    )
    const clock = Clock.make()
    const inRealTime = Effect.withClock(clock)
    const started = Effect.flatMap(Ref.get(running), (each) => Effect.orDie(each))

    const open = (cloud: Cloud) =>
      Effect.gen(function* () {
        const crew: Crew = {
          ...{ binary, plant, connections, fleet, cloud },
          inTurn: yield* turns,
          step: (name) => Effect.mapError(options.onStep?.(name) ?? Effect.void, () => new CutOff({ step: name }))
        }
        const state = yield* cloud.state
        yield* Effect.ignore(tidy(plant, state))
        const work = yield* Work.make(crew)
        const supervisor = yield* Supervisor.make(crew, work)
        yield* Ref.set(running, Option.some({ crew, work, supervisor }))
        yield* Effect.forEach(state.clusters, (cluster: ClusterState) => supervisor.wake(cluster.id), {
          concurrency: "unbounded",
          discard: true
        })
      }).pipe(Scope.extend(scope), inRealTime)

    const begun = (work: Begun) =>
      Effect.gen(function* () {
        const now = yield* started
        yield* Effect.orDie(admit(plant, work, options))
        const { command, objectId, sticks } = work
        if (command._tag === "CreateBackup") return yield* now.work.nudge(command.clusterId)
        if (sticks) yield* now.work.stick(objectId)
        yield* command._tag === "DeleteCluster" ? now.work.restart(objectId) : now.work.nudge(objectId)
      })

    return {
      name: binary.engine,
      endsBy: "signal",
      settings: { endpointPrefix: prefix },
      about: Effect.gen(function* () {
        const { crew, work } = yield* started
        const { clusters } = yield* crew.cloud.state
        const secured = clusters.filter(({ tlsEnabled }) => tlsEnabled)
        return {
          name: binary.engine,
          engine: { name: binary.engine, version: binary.version, path: binary.path },
          otherVersions: Object.fromEntries(
            clusters.flatMap(({ id, version }) => (version === binary.version ? [] : [[id, version]]))
          ),
          failures: Object.fromEntries(work.failures),
          authorities: Object.fromEntries(secured.map(({ id }) => [id, Certificates.authorityFile(plant, id)]))
        }
      }),
      open,
      prepare: (_, command) =>
        command._tag === "CreateBackup"
          ? started.pipe(
              Effect.flatMap(({ crew }) => Data.weigh(crew, command.clusterId)),
              inRealTime
            )
          : Effect.void,
      begun: (_, work) => inRealTime(begun(work)),
      disturb: (_, what) =>
        started.pipe(
          Effect.flatMap(({ supervisor }) => supervisor.disturb(what)),
          inRealTime
        ),
      loadKeys: (_, keys) =>
        started.pipe(
          Effect.flatMap(({ crew }) => Data.load(crew, keys)),
          inRealTime
        ),
      census: (_, clusterId) =>
        started.pipe(
          Effect.flatMap(({ crew }) => Data.census(crew, clusterId)),
          inRealTime
        ),
      reset: () => inRealTime(Effect.flatMap(started, ({ supervisor }) => supervisor.reset))
    } satisfies DataPlane
  }).pipe(Effect.provide(NodeContext.layer))

/**
 * An emulator on real servers.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: Omit<Emulator.Options, "plane"> & { readonly redis?: Options } = {}
): Layer.Layer<Emulator.Emulator, RedisUnavailable | AddressesTaken | FilesUnusable> =>
  Layer.scoped(
    Emulator.Emulator,
    Effect.flatMap(make(options.redis), (plane) => Emulator.make({ ...options, plane }))
  )

/**
 * All operations of the api package on an emulator on real servers, and the control of it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMemStore = (
  options: Omit<Emulator.Options, "plane"> & { readonly redis?: Options } = {}
): Layer.Layer<MemStore.MemStore | Emulator.Emulator, RedisUnavailable | AddressesTaken | FilesUnusable> =>
  MemStore.layer({ credential: { ...Emulator.defaultCredential, ...options.credential } }).pipe(
    Layer.provide(EmulatorClient.layer()),
    Layer.provideMerge(layer(options))
  )
