import * as Either from "effect/Either"
import type { Applied } from "../Applied.js"
import type { BackupState } from "../BackupState.js"
import { isRunning } from "../BackupState.js"
import type { ClusterState } from "../ClusterState.js"
import type { Reason } from "../Reason.js"
import { make, type Refusal } from "../Refusal.js"
import type { Present } from "../Rules.js"
import type { State } from "../State.js"
import type { Warning } from "../Warning.js"
import { find } from "./clusters.js"
import * as wire from "./wire.js"

export type Outcome = Either.Either<Applied, Refusal>

export const accept = (state: State, objectId: string, warnings: ReadonlyArray<Warning> = []): Outcome =>
  Either.right({ state, objectId, warnings })

/** Refuses when a rule is broken, else goes on. */
export const check = (
  state: State,
  reasons: ReadonlyArray<Reason>,
  onAllowed: () => Outcome,
  creation = false
): Outcome => {
  const [first, ...rest] = reasons
  return first === undefined
    ? onAllowed()
    : Either.left(make([first, ...rest], { creation, statuses: state.settings.statuses }))
}

export const withCluster = (state: State, clusterId: string, onFound: (cluster: ClusterState) => Outcome): Outcome => {
  const cluster = find(state, clusterId)
  return cluster === undefined
    ? check(state, [{ _tag: "UnknownCluster", clusterId }], () => accept(state, clusterId))
    : onFound(cluster)
}

export const runningBackup = (state: State, clusterId: string): BackupState | undefined =>
  state.backups.find((backup) => backup.clusterId === clusterId && isRunning(backup))

/** The cluster as the rules want it: with the objects that reads do not show yet. */
export const present = (state: State, cluster: ClusterState, now: number): Present => ({
  clusterId: cluster.id,
  shards: wire.shards(state, cluster, now, { visible: false }),
  backup: runningBackup(state, cluster.id)?.name
})

/** Ids a project does not know; `known` is `null` when it knows them all. */
export const unknown = (
  known: ReadonlyArray<string> | null,
  ids: ReadonlyArray<string>,
  reason: (id: string) => Reason
): ReadonlyArray<Reason> => (known === null ? [] : ids.filter((id) => !known.includes(id)).map(reason))
