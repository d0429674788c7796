/**
 * Time.
 *
 * @since 0.1.0
 */
import * as BackupState from "./BackupState.js"
import type { ClusterState } from "./ClusterState.js"
import { heal } from "./internal/heals.js"
import { endStage } from "./internal/operations.js"
import * as Operation from "./Operation.js"
import type { Settings } from "./Settings.js"
import type { State } from "./State.js"

interface Due {
  readonly at: number
  readonly run: (state: State) => State
}

/** What is due first; of several at one moment, the first of them. */
const sooner = (best: Due | undefined, at: number | undefined, run: Due["run"]): Due | undefined =>
  at === undefined || (best !== undefined && best.at <= at) ? best : { at, run }

const ofCluster = (best: Due | undefined, cluster: ClusterState, endsBy: Settings["endsBy"]): Due | undefined => {
  const { heals, operation } = cluster
  const at = operation === null ? undefined : Operation.dueAt(operation)
  const ends =
    operation === null || at === undefined ? best : sooner(best, at, (state) => endStage(state, cluster, operation, at))
  return endsBy === "time"
    ? heals.reduce((first, each) => sooner(first, each.dueAt, (state) => heal(state, cluster, each)), ends)
    : ends
}

const nextPhase = { Pending: "Creating", Creating: "Available" } as const

const advanceBackup = (state: State, backup: BackupState.BackupState, at: number): State => {
  const { phase } = backup
  return {
    ...state,
    backups:
      phase === "Pending" || phase === "Creating"
        ? state.backups.map((each) => (each === backup ? { ...each, phase: nextPhase[phase], phaseAt: at } : each))
        : state.backups.filter((each) => each !== backup)
  }
}

const ofBackup = (best: Due | undefined, backup: BackupState.BackupState): Due | undefined => {
  const at = BackupState.dueAt(backup)
  return at === undefined ? best : sooner(best, at, (state) => advanceBackup(state, backup, at))
}

/** The change that is due first; of several at one moment, the first in the order of the state. */
const first = ({ backups, clusters, settings }: State): Due | undefined =>
  backups.reduce(
    ofBackup,
    clusters.reduce<Due | undefined>((best, cluster) => ofCluster(best, cluster, settings.endsBy), undefined)
  )

/**
 * Carries out every change that is due by `now`, in order of time. Moving in one step or in many gives the same state.
 *
 * A `now` before `state.clock` counts as `state.clock`: time never goes back.
 *
 * @since 0.1.0
 * @category transitions
 */
export const tick = (state: State, now: number): State => {
  const limit = Math.max(now, state.clock)
  let current = state
  for (let due = first(current); due !== undefined && due.at <= limit; due = first(current)) {
    current = due.run(current)
  }
  return current.clock === limit ? current : { ...current, clock: limit }
}

const moments = (cluster: ClusterState): ReadonlyArray<number> => [
  cluster.visibleAt,
  ...cluster.shards.flatMap(({ nodes, visibleAt }) => [
    visibleAt,
    ...nodes.flatMap((node) => [node.visibleAt, node.syncedAt ?? node.visibleAt])
  ])
]

/**
 * When something next changes by itself: work ends, an object becomes visible, a replica is in sync. `undefined` when
 * nothing will. Slots on the move change all the time between two such moments.
 *
 * @since 0.1.0
 * @category getters
 */
export const nextTick = (state: State): number | undefined => {
  const work = first(state)?.at
  const shown = state.clusters.flatMap(moments).filter((at) => at > state.clock)
  const all = work === undefined ? shown : [work, ...shown]
  return all.length === 0 ? undefined : all.reduce((least, at) => Math.min(least, at))
}
