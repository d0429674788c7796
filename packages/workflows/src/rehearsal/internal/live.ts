import type { Cluster } from "@memstore-flows/api/Cluster"
import { ListBackups } from "@memstore-flows/api/ListBackups"
import { ListClusters } from "@memstore-flows/api/ListClusters"
import { ListEngineVersions } from "@memstore-flows/api/ListEngineVersions"
import { ListFlavors } from "@memstore-flows/api/ListFlavors"
import { ListShards } from "@memstore-flows/api/ListShards"
import { isRefusal, isTransient } from "@memstore-flows/api/MemStoreError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { CallError } from "../../FlowError.js"
import type { Ground, Seen } from "./ground.js"

/** The calls a rehearsal makes, all of them reads. */
export type Reads = ListBackups | ListClusters | ListEngineVersions | ListFlavors | ListShards

const statusIfAbsent = (error: CallError): number | undefined => {
  if (error._tag === "DecodeError") return 200
  if (error._tag === "Forbidden") return 403
  return isRefusal(error) && !isTransient(error) ? error.status : undefined
}

/** A call that need not be there: its answer, or the status that says so. An outage fails. */
const perhaps = <A, R>(call: Effect.Effect<A, CallError, R>): Effect.Effect<Either.Either<A, number>, CallError, R> =>
  Effect.matchEffect(call, {
    onFailure: (error) => {
      const status = statusIfAbsent(error)
      return status === undefined ? Effect.fail(error) : Effect.succeed(Either.left(status))
    },
    onSuccess: (answer) => Effect.succeed(Either.right(answer))
  })

const seen = (clusterId: string, known: Cluster | undefined) =>
  Effect.flatMap(ListShards, (list) =>
    list({ clusterId }).pipe(
      Effect.map(({ shards }): ReadonlyArray<Seen> => [{ clusterId, known, shards }]),
      Effect.catchTag("NotFound", () => Effect.succeed<ReadonlyArray<Seen>>([]))
    )
  )

/** Reads the project: its clusters, and those named although they are not listed. */
export const read = (named: ReadonlyArray<string>): Effect.Effect<Ground, CallError, Reads> =>
  Effect.gen(function* () {
    const listClusters = yield* ListClusters
    const listBackups = yield* ListBackups
    const listVersions = yield* ListEngineVersions
    const listFlavors = yield* ListFlavors
    const listed = yield* perhaps(listClusters({}))
    const backups = yield* perhaps(listBackups({}))
    const versions = yield* perhaps(listVersions({}))
    const flavors = yield* perhaps(listFlavors({}))
    const known = Either.match(listed, {
      onLeft: (): ReadonlyArray<Cluster> => [],
      onRight: ({ clusters }) => clusters
    })
    const unlisted = [...new Set(named)].filter((id) => !known.some((cluster) => cluster.id === id))
    const clusters = yield* Effect.forEach(
      [...known.map((cluster) => [cluster.id, cluster] as const), ...unlisted.map((id) => [id, undefined] as const)],
      ([id, cluster]) => seen(id, cluster),
      { concurrency: 4 }
    )
    const absent = <A>(
      operation: string,
      answer: Either.Either<A, number>
    ): ReadonlyArray<readonly [string, number]> => (Either.isLeft(answer) ? [[operation, answer.left]] : [])
    const unavailable = new Map([
      ...absent("ListClusters", listed),
      ...absent("GetCluster", listed),
      ...absent("ListBackups", backups),
      ...absent("ListEngineVersions", versions),
      ...absent("ListFlavors", flavors)
    ])
    return {
      at: yield* Clock.currentTimeMillis,
      clusters: clusters.flat(),
      backups: Either.match(backups, { onLeft: () => [], onRight: (answer) => answer.backups }),
      versions: Either.getOrElse(versions, () => []),
      flavors: Either.match(flavors, { onLeft: () => [], onRight: (answer) => answer.flavors }),
      unavailable
    }
  })

/** The clusters a payload names, wherever a field is called `clusterId` or `clusterIds`. */
export const namedIn = (value: unknown): ReadonlyArray<string> => {
  if (Array.isArray(value)) return value.flatMap(namedIn)
  if (typeof value !== "object" || value === null) return []
  return Object.entries(value).flatMap(([key, each]) => {
    if (key === "clusterId" && typeof each === "string") return [each]
    if (key === "clusterIds" && Array.isArray(each)) return each.filter((id) => typeof id === "string")
    return namedIn(each)
  })
}
