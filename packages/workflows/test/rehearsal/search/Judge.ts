import * as Slots from "@memstore-flows/api/Slots"
import type { State } from "@memstore-flows/model/State"
import type { Ground } from "./Ground.js"
import type { Hazards } from "./Hazards.js"
import { type Lived, secret } from "./Life.js"
import { rest, shapeOf } from "./Shape.js"

/** What there is to judge by; `rested` is the project an hour after the end, when all that heals has healed. */
interface Case {
  readonly ground: Ground
  readonly hazards: Hazards
  readonly lived: Lived
  readonly rested: State
  /** Whether the service itself gave a cluster up, which no flow can mend. */
  readonly broken: boolean
  /** All that was reported: the outcomes of the run and of the runs it started. */
  readonly report: string
}

/** Whether all was undone that was to be undone, by the report. */
const isClean = ({ report }: Case): boolean => !report.includes('"notUndone":[{')

/** Slots are covered once, by shards with one live primary each. */
const covered = ({ rested }: Case): ReadonlyArray<string> =>
  rested.clusters.flatMap(({ failedAt, id, shards }) => {
    if (failedAt !== null) return []
    const { missing, overlapping } = Slots.coverage(shards.map(({ slots }) => slots))
    const heads = shards.map(({ nodes }) => nodes.filter(({ downAt, role }) => role === "primary" && downAt === null))
    return [
      ...(missing.length + overlapping.length > 0 ? [`cluster ${id} does not cover every slot once`] : []),
      ...(heads.some(({ length }) => length !== 1) ? [`cluster ${id} has a shard without one live primary`] : [])
    ]
  })

const ended = ({ lived: { outcome, records } }: Case): ReadonlyArray<string> => [
  ...(outcome._tag === "Died" ? [`died: ${outcome.defect.name} ${outcome.defect.message}`] : []),
  ...records.flatMap(({ endedAt, id }) => (endedAt === null ? [`run ${id} has not ended`] : []))
]

/** An upgrade that could not delete the old cluster says so in its result, and has succeeded. */
const isKept = ({ outcome }: Lived): boolean =>
  outcome._tag === "Succeeded" && JSON.stringify(outcome.value ?? null).includes('"now":"kept"')

/** What succeeds comes to what the same run comes to when nothing befalls it. */
const promised = (judged: Case): ReadonlyArray<string> => {
  const { broken, ground, lived, rested } = judged
  const { calm } = ground
  if (lived.outcome._tag !== "Succeeded" || calm.outcome._tag !== "Succeeded") return []
  if (broken || isKept(lived) || !isClean(judged)) return []
  const [is, was] = [shapeOf(rested), ground.promise]
  return is === was ? [] : [`not as promised: ${is} instead of ${was}`]
}

/** What does not succeed leaves things as they were, or says what it left. */
const reported = (judged: Case): ReadonlyArray<string> => {
  const { broken, ground, lived, rested } = judged
  if (lived.outcome._tag === "Succeeded" || broken || !isClean(judged)) return []
  const [is, was] = [shapeOf(rested), ground.shape]
  return is === was ? [] : [`left behind without a word: ${is} instead of ${was}`]
}

/** Clusters, shards and nodes that were not there before, by the names under which a report may speak of them. */
const madeIn = (before: State, after: State): ReadonlyArray<ReadonlyArray<string>> => {
  const known = new Set(
    before.clusters.flatMap(({ shards }) => shards.flatMap(({ nodes }) => nodes.map(({ id }) => id)))
  )
  return after.clusters.flatMap((cluster) => {
    const old = before.clusters.find(({ id }) => id === cluster.id)
    if (old === undefined) return [[cluster.id, cluster.name]]
    return cluster.shards.flatMap(({ id, nodes }) =>
      old.shards.some((shard) => shard.id === id)
        ? nodes.flatMap((node) => (known.has(node.id) ? [] : [[node.id]]))
        : [[`shard ${id}`, `"${id}"`, ...nodes.map((node) => node.id)]]
    )
  })
}

/** What a run that did not succeed leaves is named in its report. What heals is not of its making. */
const named = ({ broken, ground, hazards, lived, report, rested }: Case): ReadonlyArray<string> => {
  if (lived.outcome._tag === "Succeeded" || broken || hazards.disturbances.length > 0) return []
  const unnamed = madeIn(ground.state, rested).filter((names) => !names.some((name) => report.includes(name)))
  return unnamed.map(([name]) => `not named in the report: ${name}`)
}

const tally = ({ accepted }: Lived, id: string): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {}
  for (const { operation, run, undo } of accepted) {
    if (run === id && !undo) counts[operation] = (counts[operation] ?? 0) + 1
  }
  return counts
}

/** They look anew: a node that heals into the subnet, or on top of what was counted, is one more thing to do. */
const lookAnew: ReadonlyArray<string> = ["EvacuateSubnet", "SetReplicaCount", "PauseBackups"]

const plansAnew = ({ ground: { flow }, hazards }: Case): boolean =>
  lookAnew.includes(flow) && hazards.disturbances.length > 0

/** How often the service took a write, and then failed to do it: it may be sent again. */
const failures = ({ lived }: Case, operation: string): number => {
  const wanted = operation === "RestoreCluster" ? "CreateCluster" : operation
  return lived.state.history.filter(({ kind, outcome }) => kind === wanted && outcome === "Failed").length
}

const hasSucceeded = ({ state }: Lived["records"][number]): boolean => state === "succeeded"

/** No more writes of a run are accepted than it made when calm. One that is refused at one time may go through at another. */
const planned = (judged: Case): ReadonlyArray<string> => {
  const { calm } = judged.ground
  if (plansAnew(judged)) return []
  return calm.records.filter(hasSucceeded).flatMap(({ id }) => {
    const allowed = tally(calm, id)
    return Object.entries(tally(judged.lived, id)).flatMap(([operation, times]) => {
      const most = (allowed[operation] ?? 0) + failures(judged, operation)
      return times > most ? [`${id}: ${operation} ${times} times, planned ${most}`] : []
    })
  })
}

const unlocked = ({ lived: { lock } }: Case): ReadonlyArray<string> =>
  lock === "held" ? ["the lock is held after the end"] : []

const silent = ({ ground, lived }: Case): ReadonlyArray<string> => {
  if (!ground.secretive) return []
  const { entries, events, logs, outcome, records } = lived
  const told = JSON.stringify([entries, events, logs, outcome, records])
  return told.includes(secret) ? ["a secret in the journal, the events, the logs or the outcome"] : []
}

/** Clients are pointed to a cluster that is there: the new one after success, the old one when all was undone. */
const pointed = (judged: Case): ReadonlyArray<string> => {
  const { ground, lived, rested } = judged
  if (lived.clients === undefined) return []
  if (!rested.clusters.some(({ id }) => id === lived.clients)) return ["clients are pointed to a cluster that is gone"]
  const isOld = lived.clients === ground.given.clusterId
  if (lived.outcome._tag === "Succeeded") return isOld ? ["clients are pointed to the old cluster"] : []
  return isOld || !isClean(judged) ? [] : ["clients are left with the new cluster without a word"]
}

/** Every invariant, by name. */
export const invariants = { covered, ended, promised, reported, named, planned, unlocked, silent, pointed } as const

/** What is wrong with how a run ended, in sentences, each under the name of its invariant; empty when nothing is. */
export const judge = (ground: Ground, hazards: Hazards, lived: Lived): ReadonlyArray<string> => {
  const rested = rest(lived.state, lived.endedAt)
  const judged: Case = {
    ground,
    hazards,
    lived,
    rested,
    broken: rested.clusters.some(({ failedAt }) => failedAt !== null),
    report: `[${[JSON.stringify(lived.outcome), ...lived.records.map(({ outcome }) => outcome)].join()}]`
  }
  return Object.entries(invariants).flatMap(([name, hold]) => hold(judged).map((wrong) => `${name}: ${wrong}`))
}
